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

learners as (

    select
        pools.course_key as course_key,
        pools.selector_id as selector_id,
        pools.pool_subsection_id as subsection_id,
        pools.kind as kind,
        touched.actor_id as actor_id,
        count() as touched_count
    from touched
    inner join pools
        on touched.course_key = pools.course_key and touched.block_id = pools.block_id
    group by course_key, selector_id, subsection_id, kind, actor_id

),

frequencies as (

    select
        course_key,
        selector_id,
        subsection_id,
        kind,
        touched_count,
        count() as learner_count
    from learners
    group by course_key, selector_id, subsection_id, kind, touched_count

),

-- One where nobody has any.
candidates as (

    select
        course_key,
        selector_id,
        subsection_id,
        kind,
        touched_count,
        learner_count
    from frequencies
    union all
    select distinct
        course_key,
        selector_id,
        pool_subsection_id as subsection_id,
        kind,
        toUInt64(1) as touched_count,
        toUInt64(0) as learner_count
    from pools

),

-- As many as most learners have, of two such numbers the lesser.
usual as (

    select
        course_key,
        selector_id,
        subsection_id,
        kind,
        argMax(touched_count, (learner_count, -toInt64(touched_count))) as block_count
    from candidates
    group by course_key, selector_id, subsection_id, kind

)

select
    course_key,
    selector_id,
    subsection_id,
    kind,
    '' as actor_id,
    block_count
from usual
union all
select
    learners.course_key as course_key,
    learners.selector_id as selector_id,
    learners.subsection_id as subsection_id,
    learners.kind as kind,
    learners.actor_id as actor_id,
    toUInt64(learners.touched_count - usual.block_count) as block_count
from learners
inner join usual
    on
        learners.course_key = usual.course_key
        and learners.selector_id = usual.selector_id
        and learners.subsection_id = usual.subsection_id
        and learners.kind = usual.kind
where learners.touched_count > usual.block_count
