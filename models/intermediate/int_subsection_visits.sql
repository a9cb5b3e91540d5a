{{ course_relation(order_by=['course_key', 'block_id', 'actor_id']) }}

with

sent_activity as (

    select
        org,
        course_key,
        actor_id,
        block_id,
        session_id
    from {{ ref('base_xapi__statements_final') }}
    where
        event_family in {{ activity_families() }}
        and isNotNull(block_id)
        and {{ counted() }}

),

-- Next and previous name the subsection that is left, as tabs name the one they are in.
activity as (

    select
        {{ course_learner_keys() }},
        assumeNotNull(block_id) as block_id,
        -- What was sent without a session is one visit.
        coalesce(session_id, '') as session_id
    from sent_activity

),

blocks as (

    select
        course_key,
        block_id,
        subsection_id
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }}

),

placed as (

    select
        activity.org as org,
        activity.course_key as course_key,
        activity.actor_id as actor_id,
        activity.session_id as session_id,
        {{ subsection_of_block('activity.block_id') }} as subsection_id
    from activity
    left join blocks
        on activity.course_key = blocks.course_key and activity.block_id = blocks.block_id

)

select
    org,
    course_key,
    assumeNotNull(subsection_id) as block_id,
    actor_id,
    uniqExact(session_id) as visit_count
from placed
where isNotNull(subsection_id)
group by org, course_key, block_id, actor_id
