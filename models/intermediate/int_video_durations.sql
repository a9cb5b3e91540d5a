{{ course_relation(order_by=['course_key', 'block_id']) }}

with

sent_events as (

    select *
    from {{ ref('stg_xapi__video_events') }}
    where {{ counted() }}

),

lengths as (

    select
        assumeNotNull(course_key) as course_key,
        coalesce(block_id, '') as block_id,
        (emission_time, event_id) as moment,
        assumeNotNull({{ milliseconds('length_seconds') }}) as length_ms
    from sent_events
    -- A player that does not know the length yet sends 0 or none.
    where length_seconds > 0

)

select
    course_key,
    block_id,
    argMax(length_ms, moment) as duration_ms
from lengths
group by course_key, block_id
