-- What it says: on the last day, the learners active in the trailing 7 and 30 days are the distinct
--   learners of these days in fct_learner_course_days.
-- When it matters: the mart gets them from steps in and out, and not by counting distinct learners
--   for every day; here the two ways meet.
-- What to do: find a learner of the course who enters or leaves on the wrong day.
with

course_days as (

    select *
    from {{ ref('agg_course_activity_daily') }}

),

learner_days as (

    select *
    from {{ ref('fct_learner_course_days') }}

),

last_day as (

    select max(date) as last_date
    from course_days

),

courses as (

    select
        course_days.course_key as course_key,
        course_days.active_learner_7d_count as active_learner_7d_count,
        course_days.active_learner_30d_count as active_learner_30d_count
    from course_days
    inner join last_day on course_days.date = last_day.last_date

),

learners as (

    select
        learner_days.course_key as course_key,
        uniqExactIf(learner_days.actor_id, learner_days.date > last_day.last_date - 7)
            as active_learner_7d_count,
        uniqExactIf(learner_days.actor_id, learner_days.date > last_day.last_date - 30)
            as active_learner_30d_count
    from learner_days
    cross join last_day
    group by course_key

)

select
    if(courses.course_key != '', courses.course_key, learners.course_key) as course_key,
    courses.active_learner_7d_count as active_learner_7d_count,
    learners.active_learner_7d_count as learners_of_7_days,
    courses.active_learner_30d_count as active_learner_30d_count,
    learners.active_learner_30d_count as learners_of_30_days
from courses
full outer join learners on courses.course_key = learners.course_key
where
    courses.active_learner_7d_count != learners.active_learner_7d_count
    or courses.active_learner_30d_count != learners.active_learner_30d_count
