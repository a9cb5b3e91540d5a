-- What it says: dim_learners has every learner of any counted statement, with all of its events;
--   statements of nobody make none.
-- When it matters: whoever joins learners to another mart must find each of them once.
-- What to do: see whether the learner is missing or only counted differently; if all differ, the
--   mart was not rebuilt when int_learner_course_days was.
with

learners as (

    select *
    from {{ ref('dim_learners') }}

),

learner_days as (

    select *
    from {{ ref('int_learner_course_days') }}

),

learners_by_days as (

    select
        actor_id,
        sum(event_count) as event_count
    from learner_days
    where actor_id != ''
    group by actor_id

)

select
    if(learners.actor_id != '', learners.actor_id, days.actor_id) as actor_id,
    learners.event_count as event_count,
    days.event_count as events_of_days
from learners
full outer join learners_by_days as days on learners.actor_id = days.actor_id
where learners.event_count != days.event_count
