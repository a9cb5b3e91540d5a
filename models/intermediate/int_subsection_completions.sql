{{ course_relation(order_by=['course_key', 'block_id', 'actor_id']) }}

with

complete_blocks as (

    select
        org,
        course_key,
        actor_id,
        block_id,
        is_aggregate
    from {{ ref('int_block_completions') }}
    where {{ planned() }} and is_complete

),

blocks as (

    select
        course_key,
        block_id,
        subsection_id,
        is_completable
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }}

),

completable_counts as (

    select
        course_key,
        subsection_id,
        count() as completable_block_count
    from blocks
    where is_completable and isNotNull(subsection_id)
    group by course_key, subsection_id

),

placed as (

    select
        complete_blocks.org as org,
        complete_blocks.course_key as course_key,
        complete_blocks.actor_id as actor_id,
        complete_blocks.block_id as block_id,
        complete_blocks.is_aggregate as is_aggregate,
        {{ subsection_of_block('complete_blocks.block_id') }} as subsection_id,
        blocks.is_completable as is_completable
    from complete_blocks
    left join blocks
        on
            complete_blocks.course_key = blocks.course_key
            and complete_blocks.block_id = blocks.block_id

),

-- The completion aggregator says it of the subsection itself, the LMS of each block inside.
learners as (

    select
        org,
        course_key,
        subsection_id,
        actor_id,
        countIf(not is_aggregate and is_completable) as completed_block_count,
        max(is_aggregate and block_id = subsection_id) as is_said_complete
    from placed
    where isNotNull(subsection_id)
    group by org, course_key, subsection_id, actor_id

)

select
    learners.org as org,
    learners.course_key as course_key,
    assumeNotNull(learners.subsection_id) as block_id,
    learners.actor_id as actor_id
from learners
left join completable_counts
    on
        learners.course_key = completable_counts.course_key
        and learners.subsection_id = completable_counts.subsection_id
where
    learners.is_said_complete
    or (
        learners.completed_block_count > 0
        and learners.completed_block_count = completable_counts.completable_block_count
    )
