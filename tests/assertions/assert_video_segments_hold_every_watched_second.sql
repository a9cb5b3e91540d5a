-- What it says: a segment has at least one viewer, not more viewers than views, and not more than
--   the video has; a video's segments hold all that agg_video_engagement says was watched and
--   played, and none starts past its end. A video of unknown duration has none, and one of a known
--   duration lacks them only in a course of which some 700 hours of video have them.
-- When it matters: a retention curve with more learners than the video has, or less than was
--   watched, misleads whoever cuts the video by it.
-- What to do: compare the spans of one such video (int_video_spans) with its segments; watched
--   without segments points at the edges, segments without watched at spans that are dropped.
with

segments as (

    select *
    from {{ ref('agg_video_segments') }}

),

videos as (

    select *
    from {{ ref('agg_video_engagement') }}

),

-- No video is over 12 hours.
full_courses as (

    select course_key
    from videos
    where
        (course_key, block_id) in (
            select
                segments.course_key,
                segments.block_id
            from segments
        )
    group by course_key
    having sum(duration_seconds) > (700 - 12) * 3600

),

segments_by_video as (

    select
        course_key,
        block_id,
        countIf(viewer_count = 0 or viewer_count > view_count) as wrong_segment_count,
        max(viewer_count) as most_viewers,
        max(segment_start_seconds) as last_start_seconds,
        sum(viewer_count) * 5 as viewer_seconds,
        sum(view_count) * 5 as view_seconds
    from segments
    group by course_key, block_id

)

select
    if(videos.course_key != '', videos.course_key, segments.course_key) as course_key,
    if(videos.course_key != '', videos.block_id, segments.block_id) as block_id,
    segments.wrong_segment_count as wrong_segment_count,
    segments.most_viewers as most_viewers,
    videos.viewer_count as viewer_count,
    segments.viewer_seconds as viewer_seconds,
    videos.watched_seconds as watched_seconds,
    segments.view_seconds as view_seconds,
    videos.played_seconds as played_seconds,
    segments.last_start_seconds as last_start_seconds,
    videos.duration_seconds as duration_seconds
from videos
full outer join segments_by_video as segments
    on videos.course_key = segments.course_key and videos.block_id = segments.block_id
where
    videos.course_key = ''
    or segments.wrong_segment_count > 0
    or segments.most_viewers > videos.viewer_count
    or (segments.view_seconds > 0 and videos.watched_seconds = 0)
    or (segments.view_seconds > 0 and isNull(videos.duration_seconds))
    or coalesce(segments.last_start_seconds >= videos.duration_seconds, false)
    or (
        isNotNull(videos.duration_seconds)
        and (
            segments.viewer_seconds < videos.watched_seconds
            or segments.view_seconds < videos.played_seconds
        )
        and not (
            segments.course_key = ''
            and videos.course_key in (select full_courses.course_key from full_courses)
        )
    )
