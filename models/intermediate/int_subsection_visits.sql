{{ course_relation(order_by=['course_key', 'block_id', 'actor_id']) }}

with

sent_activity as (

    select
        org,
        course_key,
        actor_id,
        block_id,
        session_id,
        event_type,
        starting_position,
        total_items
    from {{ ref('base_xapi__statements_final') }}
    where
        event_family in {{ activity_families() }}
        and isNotNull(block_id)
        and isNotNull(actor_id)
        and {{ counted() }}

),

-- Next and previous name the subsection that is left, as tabs name the one they are in. From its
-- last position next leads out of it, from its first previous.
activity as (

    select
        {{ course_learner_keys() }},
        assumeNotNull(block_id) as block_id,
        -- What was sent without a session is one visit.
        coalesce(session_id, '') as session_id,
        coalesce(event_type = 'next_selected' and starting_position = total_items, false)
            as leads_on,
        coalesce(event_type = 'previous_selected' and starting_position = 1, false) as leads_back
    from sent_activity

),

structure as (

    select
        course_key,
        block_id,
        block_type,
        course_order,
        subsection_id
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }}

),

subsections as (

    select
        course_key,
        block_id,
        lagInFrame(block_id) over course_order_window as previous_id,
        leadInFrame(block_id) over course_order_window as next_id
    from structure
    where block_type = 'sequential'
    window course_order_window as (
        partition by course_key
        order by course_order asc, block_id asc
        rows between unbounded preceding and unbounded following
    )

),

blocks as (

    select
        structure.course_key as course_key,
        structure.block_id as block_id,
        structure.subsection_id as subsection_id,
        subsections.previous_id as previous_id,
        subsections.next_id as next_id
    from structure
    left join subsections
        on
            structure.course_key = subsections.course_key
            and structure.subsection_id = subsections.block_id

),

placed as (

    select
        activity.org as org,
        activity.course_key as course_key,
        activity.actor_id as actor_id,
        activity.session_id as session_id,
        {{ subsection_of_block('activity.block_id') }} as subsection_id,
        multiIf(activity.leads_on, blocks.next_id, activity.leads_back, blocks.previous_id, '')
            as other_subsection_id
    from activity
    left join blocks
        on activity.course_key = blocks.course_key and activity.block_id = blocks.block_id
    where isNotNull(subsection_id)

),

visited as (

    select
        org,
        course_key,
        actor_id,
        session_id,
        arrayJoin(if(
            other_subsection_id != '',
            [assumeNotNull(subsection_id), other_subsection_id],
            [assumeNotNull(subsection_id)]
        )) as block_id
    from placed

)

select
    org,
    course_key,
    block_id,
    actor_id,
    uniqExact(session_id) as visit_count
from visited
group by org, course_key, block_id, actor_id
