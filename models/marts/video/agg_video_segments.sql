-- In small blocks, for a row may become the 8,640 segments of 12 hours.
{{ course_relation(
    order_by=['org', 'course_key', 'block_id', 'segment_start_seconds'],
    query_settings={'max_block_size': 8192},
) }}

with

videos as (

    select
        *,
        sum(duration_seconds) over (
            partition by course_key order by viewer_count desc, block_id asc
            rows between unbounded preceding and current row
        ) as seconds_so_far
    from {{ ref('agg_video_engagement') }}
    where isNotNull(duration_seconds) and watched_seconds > 0 and {{ planned() }}

),

-- Lengths are what clients say. Of a course 700 hours of video have segments, those with the most
-- viewers, so that invented videos cost no more.
shown_videos as (

    select *
    from videos
    where seconds_so_far <= 700 * 3600

),

-- Segments are numbered from 0; a span's end belongs to it no more.
spans as (

    select
        org,
        course_key,
        block_id,
        actor_id,
        intDiv(start_ms, 5000) as first_segment,
        intDiv(assumeNotNull(end_ms) - 1, 5000) + 1 as end_segment
    from {{ ref('int_video_spans') }}
    where
        isNotNull(end_ms)
        and (course_key, block_id) in (
            select
                shown.course_key,
                shown.block_id
            from shown_videos as shown
        )
        and {{ planned() }}

),

-- By their start: the learner is new to those segments that no earlier span has reached.
spans_in_order as (

    select
        *,
        greatest(first_segment, max(end_segment) over (
            partition by course_key, block_id, actor_id order by first_segment, end_segment
            rows between unbounded preceding and 1 preceding
        )) as first_new_segment
    from spans

),

-- Not a row for each segment of each span, but one where it begins and one where it ends.
edges as (

    select
        org,
        course_key,
        block_id,
        arrayJoin([
            (first_segment, 1, 0),
            (end_segment, -1, 0),
            (least(first_new_segment, end_segment), 0, 1),
            (end_segment, 0, -1)
        ]) as edge
    from spans_in_order

),

changes as (

    select
        org,
        course_key,
        block_id,
        edge.1 as segment,
        sum(edge.2) as view_change,
        sum(edge.3) as viewer_change
    from edges
    group by org, course_key, block_id, segment

),

-- From one change to the next, as many watch.
levels as (

    select
        *,
        sum(view_change) over video as view_count,
        sum(viewer_change) over video as viewer_count,
        leadInFrame(segment) over (
            partition by org, course_key, block_id order by segment
            rows between unbounded preceding and unbounded following
        ) as next_segment
    from changes
    window video as (
        partition by org, course_key, block_id order by segment
        rows between unbounded preceding and current row
    )

),

watched_levels as (

    select *
    from levels
    where view_count > 0

),

segments as (

    select
        org,
        course_key,
        block_id,
        viewer_count,
        view_count,
        segment_number
    from watched_levels
    array join range(segment, next_segment) as segment_number

)

select
    -- ids
    segments.org as org,
    segments.course_key as course_key,
    segments.block_id as block_id,

    -- texts
    videos.block_name as block_name,
    videos.section_name as section_name,
    videos.subsection_name as subsection_name,

    -- figures
    toUInt32(segments.segment_number * 5) as segment_start_seconds,
    toUInt64(segments.viewer_count) as viewer_count,
    toUInt64(segments.view_count) as view_count
from segments
inner join shown_videos as videos
    on segments.course_key = videos.course_key and segments.block_id = videos.block_id
