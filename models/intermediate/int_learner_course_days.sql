{{ course_relation(order_by=['course_key', 'actor_id', 'date'], scope='statement') }}

with

readable_statements as (

    select
        org,
        course_key,
        actor_id,
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
        event_family,
        emission_time,
        {{ day_of('emission_time') }} as date,
        event_family in {{ activity_families() }} as is_activity,
        is_activity and course_key != '' as is_visit
    from readable_statements

),

-- Between statements of the same moment there is no gap, in whatever order they come.
steps as (

    select
        *,
        toUnixTimestamp64Micro(emission_time) as at,
        at - toUnixTimestamp64Micro(lagInFrame(toNullable(emission_time)) over neighbours)
            as gap_before,
        toUnixTimestamp64Micro(leadInFrame(toNullable(emission_time)) over neighbours) - at
            as gap_after
    from statements
    window neighbours as (
        partition by course_key, actor_id, is_activity order by emission_time
        rows between unbounded preceding and unbounded following
    )

)

-- Whole microseconds: a sum of them is the same in any order.
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
    countIf(
        is_visit and (isNull(gap_before) or gap_before > 30 * 60 * 1000000)
    ) as session_count,
    toUInt64(sumIf(
        least(coalesce(gap_after, 0), toInt64(10 * 60 * 1000000)),
        is_visit and gap_after <= 30 * 60 * 1000000
    )) as time_spent_microseconds,
    min(emission_time) as first_event_at,
    max(emission_time) as last_event_at,
    maxIf(toNullable(emission_time), is_activity) as last_active_at
from steps
group by course_key, actor_id, date
