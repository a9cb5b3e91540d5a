{{ course_relation(order_by=['course_key', 'block_id']) }}

with

published_blocks as (

    select
        {{ block_name_columns() }},
        toNullable(course_order) as course_order,
        toNullable(is_graded) as is_graded,
        true::Bool as is_published
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }}

),

sent_on_foreign_objects as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where
        event_family in ('video', 'problem', 'grading', 'completion', 'exam')
        and isNotNull(block_id)
        and not {{ is_usage_key('block_id') }}
        and {{ counted() }}

),

-- A question, an answer and a hint have names of their own, not that of the block.
foreign_objects as (

    select
        assumeNotNull(course_key) as course_key,
        assumeNotNull(block_id) as block_id,
        argMaxIf(
            object_name,
            (emission_time, event_id),
            isNotNull(object_name)
            and coalesce(submission_part, '') != 'child'
            and event_type not in ('answer_shown', 'hint_displayed')
        ) as block_name
    from sent_on_foreign_objects
    group by course_key, block_id

)

select
    course_key,
    block_id,
    block_name,
    section_name,
    subsection_name,
    course_order,
    is_graded,
    is_published
from published_blocks
union all
select
    course_key,
    block_id,
    block_name,
    null as section_name,
    null as subsection_name,
    null as course_order,
    null as is_graded,
    false::Bool as is_published
from foreign_objects
