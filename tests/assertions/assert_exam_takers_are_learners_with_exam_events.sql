-- What it says: fct_exam_attempts has, course by course, attempts of exactly the learners who have
--   exam statements in fct_learner_course_days, and no more attempts than statements.
-- When it matters: an attempt that is lost looks like a learner who stayed away.
-- What to do: look for exam statements of a type that is neither start nor submission, or without
--   an attempt.
with

attempts as (

    select *
    from {{ ref('fct_exam_attempts') }}

),

learner_days as (

    select *
    from {{ ref('fct_learner_course_days') }}

),

takers as (

    select
        course_key,
        actor_id,
        count() as attempt_count
    from attempts
    group by course_key, actor_id

),

senders as (

    select
        course_key,
        actor_id,
        sum(exam_event_count) as event_count
    from learner_days
    where exam_event_count > 0
    group by course_key, actor_id

)

select
    if(senders.course_key != '', senders.course_key, takers.course_key) as course_key,
    if(senders.course_key != '', senders.actor_id, takers.actor_id) as actor_id,
    takers.attempt_count as attempt_count,
    senders.event_count as event_count
from senders
full outer join takers
    on senders.course_key = takers.course_key and senders.actor_id = takers.actor_id
where takers.attempt_count = 0 or takers.attempt_count > senders.event_count
