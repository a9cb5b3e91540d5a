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
        selector_id,
        is_completable
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }}

),

-- What there is to complete: for every learner, under '', and more for those who were given more.
completable as (

    select
        course_key,
        assumeNotNull(subsection_id) as block_id,
        '' as actor_id,
        toUInt64(1) as block_count
    from blocks
    where is_completable and isNotNull(subsection_id) and isNull(selector_id)
    union all
    select
        course_key,
        subsection_id as block_id,
        actor_id,
        block_count
    from {{ ref('int_selected_content') }}
    where {{ planned() }} and kind = 'completable' and subsection_id != ''

),

completable_counts as (

    select
        course_key,
        block_id,
        actor_id,
        sum(block_count) as block_count
    from completable
    group by course_key, block_id, actor_id

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
        assumeNotNull(subsection_id) as block_id,
        actor_id,
        countIf(not is_aggregate and is_completable) as completed_block_count,
        max(is_aggregate and placed.block_id = subsection_id) as is_said_complete
    from placed
    where isNotNull(subsection_id)
    group by org, course_key, subsection_id, actor_id

)

select
    learners.org as org,
    learners.course_key as course_key,
    learners.block_id as block_id,
    learners.actor_id as actor_id
from learners
left join completable_counts as of_all
    on
        learners.course_key = of_all.course_key
        and learners.block_id = of_all.block_id
        and of_all.actor_id = ''
left join completable_counts as more
    on
        learners.course_key = more.course_key
        and learners.block_id = more.block_id
        and learners.actor_id = more.actor_id
where
    learners.is_said_complete
    or (
        learners.completed_block_count > 0
        and learners.completed_block_count = of_all.block_count + more.block_count
    )
