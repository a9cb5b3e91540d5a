{{ course_relation(order_by=[
    'course_key', 'actor_id', 'block_id', 'session_id', 'emission_time', 'event_id'
]) }}

with

readable_statements as (

    select
        org,
        course_key,
        actor_id,
        block_id,
        session_id,
        event_id,
        event_family,
        event_type,
        emission_time,
        position_seconds,
        seek_from_seconds,
        seek_to_seconds,
        if(speed_to > 0, speed_to, null) as speed_to
    from {{ ref('base_xapi__statements_final') }}
    where
        event_family != 'malformed'
        and {{ counted() }}

),

-- What a span depends on outside of its video: the learner's statements in the whole course.
in_course as (

    select
        *,
        leadInFrame(toNullable(emission_time)) over (
            partition by course_key, actor_id order by emission_time, event_id
            rows between unbounded preceding and unbounded following
        ) as next_at,
        -- A change to no readable speed is one to normal speed.
        last_value(
            if(event_type = 'video_speed_changed', coalesce(speed_to, 1), null)
        ) ignore nulls over (
            partition by course_key, actor_id order by emission_time, event_id
            rows between unbounded preceding and current row
        ) as last_speed
    from readable_statements

)

select
    -- ids
    {{ course_learner_keys() }},
    coalesce(block_id, '') as block_id,
    coalesce(session_id, '') as session_id,
    event_id,

    -- texts
    event_type,

    -- figures
    {{ milliseconds('position_seconds') }} as position_ms,
    {{ milliseconds('seek_from_seconds') }} as seek_from_ms,
    {{ milliseconds('seek_to_seconds') }} as seek_to_ms,
    speed_to,
    coalesce(last_speed, 1) as speed,

    -- times
    emission_time,
    next_at
from in_course
where event_family = 'video'
