{{ course_relation(order_by=['org', 'course_key', 'date'], moves_with_day=true) }}

with

learner_days as (

    select *
    from {{ ref('int_learner_course_days') }}
    where {{ planned() }}

),

daily as (

    select
        org,
        course_key,
        date,
        sum(event_count) as event_count,
        {% for family in event_families().split() %}
            sum({{ family }}_event_count) as {{ family }}_event_count,
        {% endfor %}
        countIf(activity_event_count > 0) as active_learner_count,
        sum(session_count) as session_count,
        sum(time_spent_microseconds) as time_spent_microseconds
    from learner_days
    group by org, course_key, date

),

active_days as (

    select
        course_key,
        date,
        leadInFrame(toNullable(date)) over (
            partition by course_key, actor_id order by date
            rows between unbounded preceding and unbounded following
        ) as next_date
    from learner_days
    where activity_event_count > 0

),

-- A learner enters the trailing days with a day of activity and leaves them that many days
-- later, or with the next day of activity, which enters anew.
trailing_steps as (

    select
        course_key,
        date,
        1 as step_7d,
        1 as step_30d
    from active_days
    union all
    select
        course_key,
        least(date + 7, coalesce(next_date, date + 7)) as date,
        -1 as step_7d,
        0 as step_30d
    from active_days
    union all
    select
        course_key,
        least(date + 30, coalesce(next_date, date + 30)) as date,
        0 as step_7d,
        -1 as step_30d
    from active_days

),

trailing as (

    select
        course_key,
        date,
        toUInt64(sum(sum(step_7d)) over days_so_far) as active_learner_7d_count,
        toUInt64(sum(sum(step_30d)) over days_so_far) as active_learner_30d_count
    from trailing_steps
    group by course_key, date
    window days_so_far as (
        partition by course_key order by date
        rows between unbounded preceding and current row
    )

),

days_with_events as (

    select
        org,
        course_key,
        date,
        leadInFrame(toNullable(date)) over (
            partition by course_key order by date
            rows between unbounded preceding and unbounded following
        ) as next_date
    from daily

),

calendar as (

    select
        org,
        course_key,
        {{ each_day_until('date', 'next_date') }} as date
    from days_with_events

)

select
    calendar.org as org,
    calendar.course_key as course_key,
    calendar.date as date,
    coalesce(daily.event_count, 0) as event_count,
    {% for family in event_families().split() %}
        coalesce(daily.{{ family }}_event_count, 0) as {{ family }}_event_count,
    {% endfor %}
    coalesce(daily.active_learner_count, 0) as active_learner_count,
    trailing.active_learner_7d_count as active_learner_7d_count,
    trailing.active_learner_30d_count as active_learner_30d_count,
    coalesce(daily.session_count, 0) as session_count,
    {{ seconds('coalesce(daily.time_spent_microseconds, 0)') }} as time_spent_seconds
from calendar
left join daily on calendar.course_key = daily.course_key and calendar.date = daily.date
-- Learners may have left the trailing days on a day that has no row.
asof left join trailing
    on calendar.course_key = trailing.course_key and calendar.date >= trailing.date
