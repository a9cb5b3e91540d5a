{{ course_relation(order_by=['org', 'course_key', 'enrollment_mode', 'date'], moves_with_day=true) }}

with

events as (

    select
        org,
        course_key,
        actor_id,
        change,
        enrollment_mode,
        previous_mode,
        (changed_at, event_id) as moment,
        {{ day_of('changed_at') }} as date
    from {{ ref('fct_enrollment_changes') }}
    where {{ planned() }}

),

-- Who is active in the LMS, and known from there alone, came when the LMS says.
changes as (

    select
        org,
        course_key,
        change,
        enrollment_mode,
        previous_mode,
        date
    from events
    union all
    select
        org,
        course_key,
        'activation' as change,
        enrollment_mode,
        null::Nullable(String) as previous_mode,
        {{ day_of('assumeNotNull(first_enrolled_at)') }} as date
    from {{ ref('fct_enrollments') }}
    where {{ planned() }} and enrollment_source = 'lms' and is_enrolled

),

-- A change of mode moves a learner out of one mode and into another.
moves as (

    select
        org,
        course_key,
        date,
        arrayJoin(if(
            change = 'mode_change',
            [('in', enrollment_mode), ('out', assumeNotNull(previous_mode))],
            [(change, enrollment_mode)]
        )) as move
    from changes

),

daily as (

    select
        org,
        course_key,
        move.2 as enrollment_mode,
        date,
        countIf(move.1 = 'activation') as activation_count,
        countIf(move.1 = 'deactivation') as deactivation_count,
        countIf(move.1 = 'in') as mode_change_in_count,
        countIf(move.1 = 'out') as mode_change_out_count
    from moves
    group by org, course_key, enrollment_mode, date

),

first_events as (

    select
        course_key,
        argMin((change, enrollment_mode), moment) as first_event
    from events
    group by course_key, actor_id

),

-- Who is heard of first by leaving was in from the first day of the calendar on.
in_before as (

    select
        course_key,
        first_event.2 as enrollment_mode,
        count() as learner_count
    from first_events
    where first_event.1 = 'deactivation'
    group by course_key, enrollment_mode

),

-- Every mode ever held in the course has a row for every day of the course's calendar.
held_modes as (

    select distinct
        org,
        course_key,
        enrollment_mode
    from daily

),

days_with_changes as (

    select
        course_key,
        date,
        leadInFrame(toNullable(date)) over (
            partition by course_key order by date
            rows between unbounded preceding and unbounded following
        ) as next_date
    from daily
    group by course_key, date

),

calendar as (

    select
        held_modes.org as org,
        held_modes.course_key as course_key,
        held_modes.enrollment_mode as enrollment_mode,
        {{ each_day_until('days_with_changes.date', 'days_with_changes.next_date') }} as date
    from held_modes
    inner join days_with_changes on held_modes.course_key = days_with_changes.course_key

)

select
    calendar.org as org,
    calendar.course_key as course_key,
    calendar.enrollment_mode as enrollment_mode,
    calendar.date as date,
    coalesce(daily.activation_count, 0) as activation_count,
    coalesce(daily.deactivation_count, 0) as deactivation_count,
    coalesce(daily.mode_change_in_count, 0) as mode_change_in_count,
    coalesce(daily.mode_change_out_count, 0) as mode_change_out_count,
    toUInt64(toInt64(coalesce(in_before.learner_count, 0)) + sum(
        toInt64(activation_count) + toInt64(mode_change_in_count)
        - toInt64(deactivation_count) - toInt64(mode_change_out_count)
    ) over (
        partition by calendar.course_key, calendar.enrollment_mode order by calendar.date
        rows between unbounded preceding and current row
    )) as active_count
from calendar
left join daily
    on
        calendar.course_key = daily.course_key
        and calendar.enrollment_mode = daily.enrollment_mode
        and calendar.date = daily.date
left join in_before
    on
        calendar.course_key = in_before.course_key
        and calendar.enrollment_mode = in_before.enrollment_mode
