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

-- Nearly all statements are out of it after one number; the few others are compared whole.
repeated as (

    select cityHash64(emission_time, twin_hash) as twin_key
    from sent_statements
    where isNotNull(twin_hash)
    group by twin_key
    having count() > 1

),

suspects as (

    select
        coalesce(course_key, '') as course_key,
        actor_id,
        emission_time,
        twin_hash,
        event_id,
        event_id in (select voided.event_id from voided) as is_taken_back,
        -- A voiding statement stays what it is.
        is_taken_back and event_type != 'statement_voided' as is_voided,
        not is_taken_back and isNotNull(twin_hash) and not {{ is_excluded() }} as may_be_twin
    from sent_statements
    where
        event_id in (select voided.event_id from voided)
        or cityHash64(emission_time, twin_hash) in (select repeated.twin_key from repeated)

),

-- Of twins the first id counts.
groups as (

    select
        course_key,
        actor_id,
        emission_time,
        twin_hash,
        groupArrayIf(event_id, is_voided) as voided_ids,
        arrayPopFront(arraySort(groupArrayIf(event_id, may_be_twin))) as twin_ids
    from suspects
    group by course_key, actor_id, emission_time, twin_hash

),

uncounted as (

    select
        course_key,
        arrayJoin(arrayConcat(
            arrayMap(event_id -> (event_id, 'voided'), voided_ids),
            arrayMap(event_id -> (event_id, 'twin'), twin_ids)
        )) as statement
    from groups

)

select
    course_key,
    statement.1 as event_id,
    statement.2 as reason
from uncounted
