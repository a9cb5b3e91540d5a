-- What it says: fct_learner_course_status has one row for everyone ever enrolled or active in a
--   course, and nobody else; risk is of learners enrolled who have not passed, and has its reasons.
-- When it matters: a learner without a row is one whom nobody looks after.
-- What to do: look for the learner in fct_enrollments and fct_learner_course_days; if only one of
--   them has news of the course, the status was not rebuilt with it.
with

statuses as (

    select *
    from {{ ref('fct_learner_course_status') }}

),

expected as (

    select
        course_key,
        actor_id,
        is_enrolled
    from {{ ref('fct_enrollments') }}
    union all
    select
        course_key,
        actor_id,
        false as is_enrolled
    from {{ ref('fct_learner_course_days') }}

),

learners as (

    select
        course_key,
        actor_id,
        max(is_enrolled) as is_enrolled,
        1 as is_expected
    from expected
    group by course_key, actor_id

)

select
    if(statuses.course_key != '', statuses.course_key, learners.course_key) as course_key,
    if(statuses.course_key != '', statuses.actor_id, learners.actor_id) as actor_id,
    learners.is_expected as is_expected,
    statuses.is_enrolled as is_enrolled,
    statuses.risk_level as risk_level,
    statuses.risk_reasons as risk_reasons
from statuses
full outer join learners
    on statuses.course_key = learners.course_key and statuses.actor_id = learners.actor_id
where
    statuses.course_key = ''
    or learners.is_expected = 0
    or statuses.is_enrolled != learners.is_enrolled
    or (statuses.risk_level != 'not_judged' and not statuses.is_enrolled)
    or (coalesce(statuses.is_passed, false) and statuses.risk_level not in ('none', 'not_judged'))
    or (statuses.risk_level in ('none', 'not_judged')) != empty(statuses.risk_reasons)
