{{ course_relation(order_by=[
    'course_key', 'actor_id', 'block_id', 'session_id', 'emission_time', 'event_id'
]) }}

with

sent_events as (

    select *
    from {{ ref('stg_xapi__video_events') }}
    where isNotNull(actor_id) and {{ counted() }}

),

-- All but captions, which change nothing and tell nothing.
telling_statements as (

    select
        course_key,
        actor_id,
        event_id,
        event_family,
        emission_time,
        speed_to,
        event_type = 'video_speed_changed' as is_speed_changed
    from {{ ref('base_xapi__statements_final') }}
    where
        event_family != 'malformed'
        and event_type not in ('captions_shown', 'captions_hidden')
        and {{ counted() }}

),

-- What a span depends on outside of its video: the learner's statements in the whole course.
-- Only these few columns are sorted; the others are joined to them, in half the time.
in_course as (

    select
        event_id,
        event_family,
        leadInFrame(toNullable(emission_time)) over (
            partition by course_key, actor_id order by emission_time, event_id
            rows between unbounded preceding and unbounded following
        ) as next_at,
        -- A change to no readable speed is one to normal speed.
        last_value(
            if(is_speed_changed, if(speed_to > 0, speed_to, 1), null)
        ) ignore nulls over (
            partition by course_key, actor_id order by emission_time, event_id
            rows between unbounded preceding and current row
        ) as last_speed
    from telling_statements

),

moments as (

    select
        event_id,
        next_at,
        toNullable(coalesce(last_speed, 1)) as speed
    from in_course
    where event_family = 'video'

),

video_events as (

    select
        {{ course_learner_keys() }},
        coalesce(block_id, '') as block_id,
        coalesce(session_id, '') as session_id,
        event_id,
        event_type,
        {{ milliseconds('position_seconds') }} as position_ms,
        {{ milliseconds('seek_from_seconds') }} as seek_from_ms,
        {{ milliseconds('seek_to_seconds') }} as seek_to_ms,
        if(speed_to > 0, speed_to, null) as speed_to,
        emission_time
    from sent_events

)

select
    -- ids
    video_events.org as org,
    video_events.course_key as course_key,
    video_events.actor_id as actor_id,
    video_events.block_id as block_id,
    video_events.session_id as session_id,
    video_events.event_id as event_id,

    -- texts
    video_events.event_type as event_type,

    -- figures
    video_events.position_ms as position_ms,
    video_events.seek_from_ms as seek_from_ms,
    video_events.seek_to_ms as seek_to_ms,
    video_events.speed_to as speed_to,
    moments.speed as speed,

    -- times
    video_events.emission_time as emission_time,
    moments.next_at as next_at
from video_events
left join moments on video_events.event_id = moments.event_id
