{{ course_relation(order_by=['date'], scope='instance', moves_with_day=true) }}

with

learner_days as (

    select
        course_key,
        actor_id,
        date,
        event_count,
        activity_event_count > 0 as is_active
    from {{ ref('int_learner_course_days') }}

),

events as (

    select
        date,
        sum(event_count) as event_count,
        uniqExactIf(actor_id, is_active) as active_learner_count,
        uniqExactIf(course_key, is_active and course_key != '') as active_course_count
    from learner_days
    group by date

),

changes as (

    select
        {{ day_of('changed_at') }} as date,
        countIf(change = 'activation') as activation_count,
        countIf(change = 'deactivation') as deactivation_count
    from {{ ref('fct_enrollment_changes') }}
    group by date

),

passes as (

    select
        {{ day_of('assumeNotNull(first_passed_at)') }} as date,
        count() as passed_count
    from {{ ref('fct_learner_grades') }}
    where isNotNull(first_passed_at)
    group by date

),

days_with_events as (

    select
        date,
        leadInFrame(toNullable(date)) over (
            order by date rows between unbounded preceding and unbounded following
        ) as next_date
    from events

),

calendar as (

    select {{ each_day_until('date', 'next_date') }} as date
    from days_with_events

)

select
    calendar.date as date,
    coalesce(events.event_count, 0) as event_count,
    coalesce(events.active_learner_count, 0) as active_learner_count,
    coalesce(events.active_course_count, 0) as active_course_count,
    coalesce(changes.activation_count, 0) as activation_count,
    coalesce(changes.deactivation_count, 0) as deactivation_count,
    coalesce(passes.passed_count, 0) as passed_count
from calendar
left join events on calendar.date = events.date
left join changes on calendar.date = changes.date
left join passes on calendar.date = passes.date
