{{ course_relation(order_by=['course_key', 'block_id']) }}

with

sent_events as (

    select *
    from {{ ref('stg_xapi__video_events') }}
    where isNotNull(actor_id) and {{ counted() }}

),

-- A player that does not know the length yet sends 0 or none. Whole seconds, halves up.
lengths as (

    select
        assumeNotNull(course_key) as course_key,
        assumeNotNull(block_id) as block_id,
        assumeNotNull(actor_id) as actor_id,
        toInt64(floor(assumeNotNull(length_seconds) + 0.5)) as whole_seconds,
        (emission_time, event_id) as moment
    from sent_events
    where length_seconds between 0.5 and 12 * 3600 and block_id != ''

),

last_lengths as (

    select *
    from lengths
    order by moment desc
    limit 1 by course_key, block_id, actor_id

),

-- The newest have it: where a course team replaces a video, the old length is soon outvoted.
voters as (

    select *
    from last_lengths
    order by moment desc
    limit 25 by course_key, block_id

),

votes as (

    select
        course_key,
        block_id,
        whole_seconds,
        count() as vote_count
    from voters
    group by course_key, block_id, whole_seconds

)

select
    course_key,
    block_id,
    argMax(whole_seconds, (vote_count, whole_seconds)) * 1000 as duration_ms
from votes
group by course_key, block_id
