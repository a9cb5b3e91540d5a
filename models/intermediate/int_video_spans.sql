{{ course_relation(order_by=['course_key', 'block_id', 'actor_id', 'opened_at', 'event_id']) }}

with

-- Loaded, played, paused, ...: what moves a player. Captions and all else change nothing.
player_steps as (

    select
        *,
        toUnixTimestamp64Micro(emission_time) as at,
        event_type in ('video_seeked', 'video_speed_changed') as is_while_playing
    from {{ ref('int_video_steps') }}
    where
        event_type in (
            'video_loaded', 'video_played', 'video_paused', 'video_stopped', 'video_completed',
            'video_seeked', 'video_speed_changed'
        )
        and {{ planned() }}

),

durations as (

    select
        course_key,
        block_id,
        toNullable(duration_ms) as duration_ms
    from {{ ref('int_video_durations') }}
    where {{ planned() }}

),

-- A player is one video in one browser session. A seek or a change of speed leaves it as it was.
in_order as (

    select
        *,
        last_value(
            if(is_while_playing, null, event_type = 'video_played')
        ) ignore nulls over before as was_playing,
        leadInFrame(event_type) over player as end_type,
        leadInFrame(toNullable(at)) over player - at as elapsed_us,
        leadInFrame(position_ms) over player as end_position_ms,
        leadInFrame(seek_from_ms) over player as end_seek_from_ms
    from player_steps
    window
        player as (
            partition by course_key, actor_id, block_id, session_id order by emission_time, event_id
            rows between unbounded preceding and unbounded following
        ),
        before as (
            partition by course_key, actor_id, block_id, session_id order by emission_time, event_id
            rows between unbounded preceding and 1 preceding
        )

),

-- How far a video runs from this step to the next, and how far it would have run before.
advanced as (

    select
        *,
        coalesce(toInt64(round(least(elapsed_us * speed / 1000, 1e12))), 0) as run_ms,
        sum(run_ms) over (
            partition by course_key, actor_id, block_id, session_id order by emission_time, event_id
            rows between unbounded preceding and current row
        ) - run_ms as run_before_ms
    from in_order

),

-- A change of speed is where the last stated position has run to since.
placed as (

    select
        *,
        run_before_ms + last_value(multiIf(
            event_type = 'video_speed_changed', null,
            event_type = 'video_seeked', coalesce(seek_to_ms, 0) - run_before_ms,
            coalesce(position_ms, 0) - run_before_ms
        )) ignore nulls over (
            partition by course_key, actor_id, block_id, session_id order by emission_time, event_id
            rows between unbounded preceding and current row
        ) as start_ms
    from advanced

),

openings as (

    select
        placed.* except (start_ms),
        assumeNotNull(placed.start_ms) as start_ms,
        durations.duration_ms as duration_ms,
        -- Played right after a seek: the player only went on from there.
        placed.event_type = 'video_seeked' and placed.end_type = 'video_played' as is_replaced,
        placed.end_type in ('', 'video_played', 'video_loaded') and not is_replaced as is_unclosed,
        (toUnixTimestamp64Micro(placed.next_at) - placed.at) * placed.speed / 1000 as until_next_ms
    from placed
    left join durations
        on placed.course_key = durations.course_key and placed.block_id = durations.block_id
    where
        placed.event_type = 'video_played'
        or (placed.is_while_playing and placed.was_playing)

),

ended as (

    select
        *,
        multiIf(
            end_type in ('video_paused', 'video_stopped'), coalesce(end_position_ms, 0),
            end_type = 'video_completed', coalesce(end_position_ms, duration_ms),
            end_type = 'video_seeked', end_seek_from_ms,
            null
        ) as stated_ms,
        start_ms + toInt64(round(elapsed_us / 500)) + 5000 as latest_ms,
        multiIf(
            isNotNull(stated_ms), if(stated_ms > latest_ms, latest_ms, stated_ms),
            end_type in ('video_seeked', 'video_speed_changed'), start_ms + run_ms,
            -- The learner was back before the video could have ended, so it was left before.
            is_unclosed and until_next_ms < duration_ms - start_ms,
            start_ms + toInt64(round(until_next_ms)),
            null
        ) as run_to_ms,
        coalesce(duration_ms, {{ milliseconds('1e9') }}) as last_ms,
        if(run_to_ms > last_ms, last_ms, run_to_ms) as cut_ms
    from openings

)

select
    -- ids
    org,
    course_key,
    block_id,
    actor_id,
    session_id,
    event_id,

    -- figures
    start_ms,
    if(cut_ms > start_ms, cut_ms, null) as end_ms,
    speed,

    -- booleans
    is_unclosed::Bool as is_unclosed,

    -- times
    emission_time as opened_at
from ended
