{{ course_relation(order_by=['org', 'course_key', 'block_id', 'actor_id']) }}

with

steps as (

    select *
    from {{ ref('int_video_steps') }}
    where {{ planned() }}

),

spans as (

    select *
    from {{ ref('int_video_spans') }}
    where {{ planned() }}

),

learners as (

    select
        org,
        course_key,
        block_id,
        actor_id,
        countIf(event_type = 'video_played') as play_count,
        countIf(event_type = 'video_completed') as completed_count,
        countIf(event_type = 'video_seeked' and coalesce(seek_to_ms, 0) > seek_from_ms)
            as seek_forward_count,
        countIf(event_type = 'video_seeked' and coalesce(seek_to_ms, 0) < seek_from_ms)
            as seek_back_count,
        countIf(event_type = 'captions_shown') as captions_shown_count,
        maxIf(speed_to, event_type = 'video_speed_changed') as max_speed,
        minIf(toNullable(emission_time), event_type = 'video_played') as first_played_at,
        maxIf(toNullable(emission_time), event_type = 'video_played') as last_played_at
    from steps
    group by org, course_key, block_id, actor_id

),

-- Spans by their start: what a span adds to the watched begins where all before it end.
spans_in_order as (

    select
        course_key,
        block_id,
        actor_id,
        is_unclosed,
        start_ms,
        coalesce(end_ms, start_ms) as till_ms,
        max(till_ms) over (
            partition by course_key, block_id, actor_id order by start_ms, till_ms
            rows between unbounded preceding and 1 preceding
        ) as watched_till_ms
    from spans

),

watched as (

    select
        course_key,
        block_id,
        actor_id,
        countIf(is_unclosed) as unclosed_play_count,
        sum(till_ms - start_ms) as played_ms,
        sum(greatest(till_ms - greatest(start_ms, watched_till_ms), 0)) as watched_ms
    from spans_in_order
    group by course_key, block_id, actor_id

),

durations as (

    select
        course_key,
        block_id,
        toNullable(duration_ms) as duration_ms
    from {{ ref('int_video_durations') }}
    where {{ planned() }}

),

blocks as (

    select {{ block_name_columns() }}
    from {{ ref('int_block_names') }}
    where {{ planned() }}

)

select
    -- ids
    learners.org as org,
    learners.course_key as course_key,
    learners.block_id as block_id,
    learners.actor_id as actor_id,

    -- texts
    blocks.block_name as block_name,
    blocks.section_name as section_name,
    blocks.subsection_name as subsection_name,

    -- figures
    learners.play_count as play_count,
    coalesce(watched.unclosed_play_count, 0) as unclosed_play_count,
    coalesce(watched.watched_ms, 0) / 1000 as watched_seconds,
    coalesce(watched.played_ms, 0) / 1000 as played_seconds,
    {{ ratio('coalesce(watched.watched_ms, 0)', 'durations.duration_ms') }} as watched_ratio,
    learners.seek_forward_count as seek_forward_count,
    learners.seek_back_count as seek_back_count,
    learners.max_speed as max_speed,
    durations.duration_ms / 1000 as duration_seconds,

    -- booleans
    -- A player says so too where the learner went straight to the end.
    coalesce(
        watched_ratio >= if(learners.completed_count > 0, 0.5, 0.9), learners.completed_count > 0
    )::Bool as is_completed,
    (learners.captions_shown_count > 0)::Bool as is_captions_used,

    -- times
    learners.first_played_at as first_played_at,
    learners.last_played_at as last_played_at
from learners
left join watched
    on
        learners.course_key = watched.course_key
        and learners.block_id = watched.block_id
        and learners.actor_id = watched.actor_id
left join durations
    on learners.course_key = durations.course_key and learners.block_id = durations.block_id
left join blocks on learners.course_key = blocks.course_key and learners.block_id = blocks.block_id
