{{ course_relation(order_by=['course_key', 'block_id', 'actor_id', 'opened_at', 'event_id']) }}

with

-- Loaded, played, paused, ...: what moves a player. Captions and all else change nothing.
player_steps as (

    select
        * except (speed),
        assumeNotNull(speed) as speed,
        toUnixTimestamp64Micro(emission_time) as at,
        toUnixTimestamp64Micro(next_at) - at as until_next_us,
        until_next_us * speed / 1000 as until_next_ms,
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

    select *
    from {{ ref('int_video_durations') }}
    where {{ planned() }}

),

timed_steps as (

    select
        steps.*,
        nullIf(durations.duration_ms, 0) as duration_ms
    from player_steps as steps
    left join durations
        on steps.course_key = durations.course_key and steps.block_id = durations.block_id

),

-- A player is one video in one browser session, a stretch what is between two stated positions.
in_order as (

    select
        *,
        leadInFrame(event_type) over player as end_type,
        leadInFrame(toNullable(at)) over player - at as elapsed_us,
        leadInFrame(position_ms) over player as end_position_ms,
        leadInFrame(seek_from_ms) over player as end_seek_from_ms,
        countIf(event_type != 'video_speed_changed') over (
            partition by course_key, actor_id, block_id, session_id order by emission_time, event_id
            rows between unbounded preceding and current row
        ) as stretch
    from timed_steps
    window player as (
        partition by course_key, actor_id, block_id, session_id order by emission_time, event_id
        rows between unbounded preceding and unbounded following
    )

),

-- How far a video runs from a step to the next. A change of speed is where it has run to.
placed as (

    select
        *,
        coalesce(toInt64(round(least(elapsed_us * speed / 1000, 1e12))), 0) as run_ms,
        coalesce(if(event_type = 'video_seeked', seek_to_ms, position_ms), 0) as begun_ms,
        first_value(begun_ms) over so_far + sum(run_ms) over so_far - run_ms as start_ms
    from in_order
    window so_far as (
        partition by course_key, actor_id, block_id, session_id, stretch
        order by emission_time, event_id
        rows between unbounded preceding and current row
    )

),

-- A play sets a player going. A seek leaves it as it was, and so does a change of speed, unless the
-- video could have ended by then; all else leaves it at rest.
moved as (

    select
        *,
        coalesce(elapsed_us * speed / 1000 >= duration_ms - start_ms, false) as could_have_ended,
        last_value(multiIf(
            end_type = 'video_speed_changed' and could_have_ended, false,
            event_type = 'video_played', true,
            is_while_playing, null,
            false
        )) ignore nulls over (
            partition by course_key, actor_id, block_id, session_id order by emission_time, event_id
            rows between unbounded preceding and 1 preceding
        ) as was_playing
    from placed

),

openings as (

    select
        *,
        -- Where the end says no position it is where the video has run to, if it was playing still.
        end_type = 'video_speed_changed' or (end_type = 'video_seeked' and isNull(end_seek_from_ms))
            as is_end_run_to,
        -- Played right after a seek: the player only went on from there.
        event_type = 'video_seeked' and end_type = 'video_played' as is_replaced,
        (end_type in ('', 'video_played', 'video_loaded') and not is_replaced)
        or (is_end_run_to and could_have_ended) as is_unclosed
    from moved
    where event_type = 'video_played' or (is_while_playing and was_playing)

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
            is_end_run_to and not could_have_ended, start_ms + run_ms,
            -- The learner was back before the video could have ended, so it was left before.
            is_unclosed and until_next_ms < duration_ms - start_ms,
            start_ms + toInt64(round(until_next_ms)),
            null
        ) as run_to_ms,
        -- Without a duration 12 hours, as for all positions.
        coalesce(duration_ms, toInt64(12 * 3600 * 1000)) as last_ms,
        if(run_to_ms > last_ms, last_ms, run_to_ms) as cut_ms,
        if(cut_ms > start_ms, cut_ms, null) as end_ms,
        -- The time that it took, but not past the statement that ended it.
        (end_ms - start_ms) * 1000 / speed as length_us,
        toFloat64(if(is_unclosed, until_next_us, elapsed_us)) as most_us
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
    end_ms,
    speed,

    -- booleans
    is_unclosed::Bool as is_unclosed,

    -- times
    emission_time as opened_at,
    fromUnixTimestamp64Micro(
        at + toInt64(round(if(length_us > most_us, most_us, length_us))), 'UTC'
    ) as ended_at
from ended
