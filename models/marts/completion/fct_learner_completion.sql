{{ course_relation(order_by=['org', 'course_key', 'actor_id']) }}

with

block_completions as (

    select *
    from {{ ref('int_block_completions') }}
    where {{ planned() }} and not is_aggregate

),

blocks as (

    select
        course_key,
        block_id,
        selector_id,
        is_completable
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }}

),

-- A course without a row here has no known structure.
courses as (

    select
        course_key,
        countIf(is_completable and isNull(selector_id)) as common_block_count
    from blocks
    group by course_key

),

-- Of content that is selected for each learner: what counts for all, and what more for some.
selected_counts as (

    select
        course_key,
        actor_id,
        sum(block_count) as block_count
    from {{ ref('int_selected_content') }}
    where {{ planned() }} and kind = 'completable' and subsection_id = ''
    group by course_key, actor_id

),

counted_completions as (

    select
        block_completions.org as org,
        block_completions.course_key as course_key,
        block_completions.actor_id as actor_id,
        courses.common_block_count as common_block_count,
        -- Without structure every block counts, with it those that are still to be completed.
        block_completions.is_complete
        and (courses.course_key = '' or blocks.is_completable) as is_counted,
        block_completions.last_completed_at as last_completed_at
    from block_completions
    left join courses on block_completions.course_key = courses.course_key
    left join blocks
        on
            block_completions.course_key = blocks.course_key
            and block_completions.block_id = blocks.block_id

),

learners as (

    select
        org,
        course_key,
        actor_id,
        countIf(is_counted) as completed_block_count,
        any(common_block_count) as common_block_count,
        max(last_completed_at) as last_completed_at
    from counted_completions
    group by org, course_key, actor_id

)

select
    learners.org as org,
    learners.course_key as course_key,
    learners.actor_id as actor_id,
    learners.completed_block_count as completed_block_count,
    learners.common_block_count + selected.block_count + selected_more.block_count
        as completable_block_count,
    {{ ratio('completed_block_count', 'completable_block_count') }} as completion_ratio,
    learners.last_completed_at as last_completed_at
from learners
left join selected_counts as selected
    on learners.course_key = selected.course_key and selected.actor_id = ''
left join selected_counts as selected_more
    on
        learners.course_key = selected_more.course_key
        and learners.actor_id = selected_more.actor_id
