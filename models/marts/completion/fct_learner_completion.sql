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
        is_completable
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }}

),

-- A course without a row here has no known structure.
courses as (

    select
        course_key,
        countIf(is_completable) as completable_block_count
    from blocks
    group by course_key

),

counted_completions as (

    select
        block_completions.org as org,
        block_completions.course_key as course_key,
        block_completions.actor_id as actor_id,
        courses.completable_block_count as completable_block_count,
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
        any(completable_block_count) as completable_block_count,
        max(last_completed_at) as last_completed_at
    from counted_completions
    group by org, course_key, actor_id

)

select
    org,
    course_key,
    actor_id,
    completed_block_count,
    completable_block_count,
    {{ ratio('completed_block_count', 'completable_block_count') }} as completion_ratio,
    last_completed_at
from learners
