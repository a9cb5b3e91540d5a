{{ course_relation(order_by=['course_key', 'selector_id', 'subsection_id', 'kind', 'actor_id']) }}

with

selected_blocks as (

    select *
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }} and isNotNull(selector_id)

),

blocks as (

    select
        course_key,
        block_id,
        assumeNotNull(selector_id) as selector_id,
        coalesce(subsection_id, '') as subsection_id,
        if(is_completable, ['completable'], []) as completable,
        if(block_type in ('problem', 'video'), [assumeNotNull(block_type)], []) as content
    from selected_blocks

),

-- What is to be completed counts for the whole course, and for its subsection.
pools as (

    select
        course_key,
        block_id,
        selector_id,
        arrayJoin(arrayConcat(
            arrayMap(kind -> (kind, ''), arrayConcat(completable, content)),
            arrayMap(kind -> (kind, subsection_id), if(subsection_id = '', [], completable))
        )) as pool,
        pool.1 as kind,
        pool.2 as pool_subsection_id
    from blocks

),

-- The courses stand first in the condition, for the sort key of base: most have no selector.
sent_statements as (

    select
        course_key,
        actor_id,
        block_id
    from {{ ref('base_xapi__statements_final') }}
    where
        course_key in (select blocks.course_key from blocks)
        and block_id in (select blocks.block_id from blocks)
        and event_family != 'malformed'
        and {{ counted() }}

),

touched as (

    select distinct
        assumeNotNull(course_key) as course_key,
        assumeNotNull(actor_id) as actor_id,
        assumeNotNull(block_id) as block_id
    from sent_statements
    where isNotNull(actor_id)

),

-- A block that nobody has touched is in a row without learner.
learners as (

    select
        pools.course_key as course_key,
        pools.selector_id as selector_id,
        pools.pool_subsection_id as subsection_id,
        pools.kind as kind,
        touched.actor_id as actor_id,
        count() as touched_count
    from pools
    left join touched
        on pools.course_key = touched.course_key and pools.block_id = touched.block_id
    group by course_key, selector_id, subsection_id, kind, actor_id

),

-- sumMap sorts what it counts, so of two numbers that as many learners have the lesser is first.
frequencies as (

    select
        course_key,
        selector_id,
        subsection_id,
        kind,
        groupArrayIf((actor_id, touched_count), actor_id != '') as learner_counts,
        sumMapIf([touched_count], [toUInt64(1)], actor_id != '') as frequency
    from learners
    group by course_key, selector_id, subsection_id, kind

),

-- One where nobody has any.
usual as (

    select
        course_key,
        selector_id,
        subsection_id,
        kind,
        learner_counts,
        if(
            empty(learner_counts),
            toUInt64(1),
            frequency.1[indexOf(frequency.2, arrayMax(frequency.2))]
        ) as usual_count
    from frequencies

),

counts as (

    select
        course_key,
        selector_id,
        subsection_id,
        kind,
        arrayFilter(learner -> learner.2 > usual_count, learner_counts) as learners_with_more,
        arrayJoin(arrayConcat(
            [('', usual_count)],
            arrayMap(learner -> (learner.1, toUInt64(learner.2 - usual_count)), learners_with_more)
        )) as learner
    from usual

)

select
    course_key,
    selector_id,
    subsection_id,
    kind,
    learner.1 as actor_id,
    learner.2 as block_count
from counts
