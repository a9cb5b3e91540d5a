{{ course_relation(order_by=['org', 'course_key', 'block_id']) }}

with

learner_videos as (

    select
        *,
        play_count > 0 as is_viewer
    from {{ ref('fct_learner_videos') }}
    where {{ planned() }}

),

-- Seconds have three places and ratios six: as whole numbers their sum is the same in any order.
-- What statements name no block for may be many videos: their ratios say nothing.
videos as (

    select
        org,
        course_key,
        block_id,
        any(block_name) as video_name,
        any(section_name) as section,
        any(subsection_name) as subsection,
        any(duration_seconds) as video_seconds,
        countIf(is_viewer) as viewer_count,
        sum(play_count) as total_play_count,
        sum(toInt64(round(watched_seconds * 1000))) as watched_ms,
        sum(toInt64(round(played_seconds * 1000))) as played_ms,
        if(block_id = '', 0, viewer_count) as judged_count,
        {{ average_ratio('watched_ratio', 'is_viewer') }} as avg_watched_ratio,
        {{ ratio('countIf(is_viewer and is_completed)', 'judged_count') }} as completed_ratio,
        {{ ratio('countIf(is_viewer and is_captions_used)', 'judged_count') }}
            as captions_learner_ratio
    from learner_videos
    group by org, course_key, block_id

)

select
    -- ids
    org,
    course_key,
    block_id,

    -- texts
    video_name as block_name,
    section as section_name,
    subsection as subsection_name,

    -- figures
    viewer_count,
    total_play_count as play_count,
    watched_ms / 1000 as watched_seconds,
    played_ms / 1000 as played_seconds,
    avg_watched_ratio,
    completed_ratio,
    captions_learner_ratio,
    video_seconds as duration_seconds
from videos
