-- What it says: no learner watched more of a video than was played to that learner, or than the
--   video has; who has watched any of it has played it.
-- When it matters: shares of a video over 1, or watching without a play, tell a course team that
--   nothing of the rest can be believed.
-- What to do: look at the learner's rows of int_video_spans; an end past the duration points at the
--   cut there, watched above played at the union of spans in fct_learner_videos.
with

learner_videos as (

    select
        course_key,
        block_id,
        actor_id,
        play_count,
        watched_seconds,
        played_seconds,
        duration_seconds
    from {{ ref('fct_learner_videos') }}

)

select *
from learner_videos
where
    watched_seconds < 0
    or watched_seconds > played_seconds
    or coalesce(watched_seconds > duration_seconds, false)
    or (play_count = 0 and played_seconds > 0)
