{{ course_relation(order_by=['course_key', 'actor_id', 'date'], scope='statement') }}

with

readable_statements as (

    select
        org,
        course_key,
        actor_id,
        event_id,
        event_family,
        emission_time
    from {{ ref('base_xapi__statements_final') }}
    where
        event_family != 'malformed'
        and {{ counted(of_no_course=true) }}

),

statements as (

    select
        org,
        coalesce(course_key, '') as course_key,
        assumeNotNull(actor_id) as actor_id,
        event_id,
        event_family,
        emission_time,
        {{ day_of('emission_time') }} as date,
        event_family in {{ activity_families() }} as is_activity
    from readable_statements

),

activity as (

    select
        course_key,
        actor_id,
        date,
        emission_time,
        lagInFrame(toNullable(emission_time)) over steps as previous_at,
        leadInFrame(toNullable(emission_time)) over steps as next_at
    from statements
    where is_activity and course_key != ''
    window steps as (
        partition by course_key, actor_id order by emission_time, event_id
        rows between unbounded preceding and unbounded following
    )

),

-- Whole microseconds: a sum of them is the same in any order.
gaps as (

    select
        course_key,
        actor_id,
        date,
        toUnixTimestamp64Micro(emission_time) as at,
        at - toUnixTimestamp64Micro(previous_at) as gap_before,
        toUnixTimestamp64Micro(next_at) - at as gap_after
    from activity

),

visits as (

    select
        course_key,
        actor_id,
        date,
        countIf(isNull(gap_before) or gap_before > 30 * 60 * 1000000) as session_count,
        toUInt64(sumIf(
            least(gap_after, toInt64(10 * 60 * 1000000)), gap_after <= 30 * 60 * 1000000
        )) as time_spent_microseconds
    from gaps
    group by course_key, actor_id, date

),

counts as (

    select
        coalesce(any(org), '') as org,
        course_key,
        actor_id,
        date,
        count() as event_count,
        countIf(is_activity) as activity_event_count,
        {% for family in event_families().split() %}
            countIf(event_family = '{{ family }}') as {{ family }}_event_count,
        {% endfor %}
        min(emission_time) as first_event_at,
        max(emission_time) as last_event_at,
        maxIf(toNullable(emission_time), is_activity) as last_active_at
    from statements
    group by course_key, actor_id, date

)

select
    counts.org as org,
    counts.course_key as course_key,
    counts.actor_id as actor_id,
    counts.date as date,
    counts.event_count as event_count,
    counts.activity_event_count as activity_event_count,
    {% for family in event_families().split() %}
        counts.{{ family }}_event_count as {{ family }}_event_count,
    {% endfor %}
    coalesce(visits.session_count, 0) as session_count,
    coalesce(visits.time_spent_microseconds, 0) as time_spent_microseconds,
    counts.first_event_at as first_event_at,
    counts.last_event_at as last_event_at,
    counts.last_active_at as last_active_at
from counts
left join visits
    on
        counts.course_key = visits.course_key
        and counts.actor_id = visits.actor_id
        and counts.date = visits.date
