-- What it says: agg_video_engagement has, video by video, the viewers, plays and seconds of
--   fct_learner_videos, and the plays that agg_video_events_daily counts by day, but for those of
--   nobody, as of a team.
-- When it matters: the page of a video and those of its learners and days show the same plays.
-- What to do: a video that is missing on one side points at the joins of fct_learner_videos, plays
--   that differ from those of the days at int_video_steps.
with

videos as (

    select *
    from {{ ref('agg_video_engagement') }}

),

learner_videos as (

    select *
    from {{ ref('fct_learner_videos') }}

),

days as (

    select *
    from {{ ref('agg_video_events_daily') }}

),

of_nobody as (

    select
        course_key,
        coalesce(block_id, '') as block_id,
        event_id
    from {{ ref('stg_xapi__video_events') }}
    where
        event_type = 'video_played'
        and isNull(actor_id)
        and isNotNull(course_key)
        and emission_time <= {{ now_at() }}

),

uncounted as (

    select event_id
    from {{ ref('int_uncounted_statements') }}

),

-- All as rows of one form, those of learners and days below 0: they add up to nothing.
figures as (

    select
        course_key,
        block_id,
        toInt64(viewer_count) as viewers,
        toInt64(play_count) as plays,
        toInt64(0) as plays_of_days,
        toInt64(round(watched_seconds * 1000)) as watched_ms,
        toInt64(round(played_seconds * 1000)) as played_ms
    from videos
    union all
    select
        course_key,
        block_id,
        -toInt64(play_count > 0) as viewers,
        -toInt64(play_count) as plays,
        toInt64(play_count) as plays_of_days,
        -toInt64(round(watched_seconds * 1000)) as watched_ms,
        -toInt64(round(played_seconds * 1000)) as played_ms
    from learner_videos
    union all
    select
        course_key,
        block_id,
        0 as viewers,
        0 as plays,
        1 as plays_of_days,
        0 as watched_ms,
        0 as played_ms
    from of_nobody
    where event_id not in (select uncounted.event_id from uncounted)
    union all
    select
        course_key,
        block_id,
        0 as viewers,
        0 as plays,
        -toInt64(event_count) as plays_of_days,
        0 as watched_ms,
        0 as played_ms
    from days
    where event_type = 'video_played'

)

select
    course_key,
    block_id,
    sum(viewers) as viewers_too_many,
    sum(plays) as plays_too_many,
    sum(plays_of_days) as plays_too_many_of_learners,
    sum(watched_ms) as watched_ms_too_many,
    sum(played_ms) as played_ms_too_many
from figures
group by course_key, block_id
having
    viewers_too_many != 0
    or plays_too_many != 0
    or plays_too_many_of_learners != 0
    or watched_ms_too_many != 0
    or played_ms_too_many != 0
