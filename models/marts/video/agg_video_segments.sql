-- In small blocks, for a row may become the 8,640 segments of 12 hours.
{{ course_relation(
    order_by=['org', 'course_key', 'block_id', 'segment_start_seconds'],
    query_settings={'max_block_size': 8192},
) }}

with

durations as (

    select
        course_key,
        block_id,
        duration_ms
    from {{ ref('int_video_durations') }}
    where {{ planned() }}

),

watched_spans as (

    select
        *,
        assumeNotNull(end_ms) as till_ms
    from {{ ref('int_video_spans') }}
    where isNotNull(end_ms) and {{ planned() }}

),

viewers as (

    select
        course_key,
        block_id,
        uniqExact(actor_id) as viewer_count
    from watched_spans
    group by course_key, block_id

),

videos_in_order as (

    select
        viewers.course_key as course_key,
        viewers.block_id as block_id,
        sum(durations.duration_ms) over (
            partition by viewers.course_key
            order by viewers.viewer_count desc, viewers.block_id asc
            rows between unbounded preceding and current row
        ) as duration_so_far_ms
    from viewers
    inner join durations
        on viewers.course_key = durations.course_key and viewers.block_id = durations.block_id

),

-- Lengths are what clients say. Of a course 700 hours of video have segments, those with the most
-- viewers, so that invented videos cost no more.
shown_videos as (

    select
        course_key,
        block_id
    from videos_in_order
    where duration_so_far_ms <= 700 * 3600 * 1000

),

-- Segments are numbered from 0; a span's end belongs to it no more.
spans as (

    select
        org,
        course_key,
        block_id,
        actor_id,
        intDiv(start_ms, 5000) as first_segment,
        intDiv(till_ms - 1, 5000) + 1 as end_segment
    from watched_spans
    where
        (course_key, block_id) in (
            select
                shown.course_key,
                shown.block_id
            from shown_videos as shown
        )

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

),

blocks as (

    select {{ block_name_columns() }}
    from {{ ref('int_block_names') }}
    where {{ planned() }}

)

select
    -- ids
    segments.org as org,
    segments.course_key as course_key,
    segments.block_id as block_id,

    -- texts
    blocks.block_name as block_name,
    blocks.section_name as section_name,
    blocks.subsection_name as subsection_name,

    -- figures
    toUInt32(segments.segment_number * 5) as segment_start_seconds,
    toUInt64(segments.viewer_count) as viewer_count,
    toUInt64(segments.view_count) as view_count
from segments
left join blocks on segments.course_key = blocks.course_key and segments.block_id = blocks.block_id
