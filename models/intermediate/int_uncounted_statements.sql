{{ course_relation(order_by=['course_key', 'event_id'], scope='statement') }}

with

voided as (

    select event_id
    from {{ ref('int_voided_statements') }}

),

sent_statements as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where
        {{ in_planned_months() }}
        and {{ planned(of_no_course=true) }}
        and rejection_reason = ''

),

-- A voiding statement stays what it is.
voided_statements as (

    select
        coalesce(course_key, '') as course_key,
        event_id,
        'voided' as reason
    from sent_statements
    where event_type != 'statement_voided' and event_id in (select voided.event_id from voided)

),

-- Nearly all statements are out of it after two numbers; the few others are compared whole.
repeated as (

    select
        emission_time,
        twin_hash
    from sent_statements
    where isNotNull(twin_hash)
    group by emission_time, twin_hash
    having count() > 1

),

candidates as (

    select
        coalesce(course_key, '') as course_key,
        actor_id,
        emission_time,
        twin_hash,
        event_id
    from sent_statements
    where
        (emission_time, twin_hash) in (
            select
                repeated.emission_time,
                repeated.twin_hash
            from repeated
        )
        and event_id not in (select voided.event_id from voided)
        and not {{ is_excluded() }}

),

twins as (

    select
        course_key,
        actor_id,
        emission_time,
        twin_hash,
        arraySort(groupArray(event_id)) as event_ids
    from candidates
    group by course_key, actor_id, emission_time, twin_hash

),

twin_statements as (

    select
        course_key,
        arrayJoin(arrayPopFront(event_ids)) as event_id,
        'twin' as reason
    from twins

)

select
    course_key,
    event_id,
    reason
from voided_statements
union all
select
    course_key,
    event_id,
    reason
from twin_statements
