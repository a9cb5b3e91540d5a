-- What it says: each day of agg_instance_daily has the events of all learners on that day, those
--   without a course included, and the learners and courses that were active.
-- When it matters: the operator's page would show less than what happened.
-- What to do: a day with 0 events on one side points at the calendar; a day that differs otherwise
--   at a learner-day that is counted twice.
with

instance_days as (

    select *
    from {{ ref('agg_instance_daily') }}

),

learner_days as (

    select *
    from {{ ref('int_learner_course_days') }}

),

learners_by_day as (

    select
        date,
        sum(event_count) as event_count,
        uniqExactIf(actor_id, activity_event_count > 0) as active_learner_count,
        uniqExactIf(course_key, activity_event_count > 0 and course_key != '')
            as active_course_count
    from learner_days
    group by date

)

select
    greatest(instance.date, learners.date) as date,
    instance.event_count as event_count,
    learners.event_count as events_of_learners,
    instance.active_learner_count as active_learner_count,
    learners.active_learner_count as learners_active,
    instance.active_course_count as active_course_count,
    learners.active_course_count as courses_active
from instance_days as instance
full outer join learners_by_day as learners on instance.date = learners.date
where
    instance.event_count != learners.event_count
    or instance.active_learner_count != learners.active_learner_count
    or instance.active_course_count != learners.active_course_count
