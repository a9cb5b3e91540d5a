{{ course_relation(order_by=['course_key', 'block_id']) }}

-- What a CCX shows follows the dumps of its course: the versions of these count for it too, see
-- macros/engine/ledger/record_tables.sql.
-- depends_on: {{ ref('stg_event_sink__course_blocks') }}
with

blocks as (

    select
        {{ block_name_columns() }},
        course_order,
        is_graded
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }}

),

ccx_courses as (

    select
        course_key,
        {{ course_of_ccx('course_key') }} as parent_key,
        concat('block-v1:', substring(parent_key, length('course-v1:') + 1), '+') as parent_prefix,
        concat('ccx-block-v1:', substring(course_key, length('ccx-v1:') + 1), '+') as prefix
    from {{ ref('dim_courses') }}
    where {{ planned() }} and startsWith(course_key, 'ccx-v1:') and not is_structure_known

),

parent_blocks as (

    select
        course_key as parent_key,
        block_id as parent_block_id,
        block_name,
        section_name,
        subsection_name
    from {{ ref('dim_course_blocks') }}
    where course_key in (select ccx_courses.parent_key from ccx_courses)

),

ccx_blocks as (

    select
        ccx_courses.course_key as course_key,
        concat(
            ccx_courses.prefix,
            substring(parent_blocks.parent_block_id, length(ccx_courses.parent_prefix) + 1)
        ) as block_id,
        parent_blocks.block_name as block_name,
        parent_blocks.section_name as section_name,
        parent_blocks.subsection_name as subsection_name
    from ccx_courses
    inner join parent_blocks on ccx_courses.parent_key = parent_blocks.parent_key
    where startsWith(parent_blocks.parent_block_id, ccx_courses.parent_prefix)

),

sent_of_foreign_objects as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where
        event_family in ('video', 'problem', 'grading', 'completion', 'exam')
        and isNotNull(block_id)
        and not {{ is_usage_key('block_id') }}
        and {{ counted() }}

),

-- A question, an answer and a hint have names of their own, not that of the object.
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
    from sent_of_foreign_objects
    group by course_key, block_id

)

select
    course_key,
    block_id,
    block_name,
    section_name,
    subsection_name,
    toNullable(course_order) as course_order,
    toNullable(is_graded) as is_graded
from blocks
union all
-- Names only: what is not said of the CCX itself is not known.
select
    course_key,
    block_id,
    block_name,
    section_name,
    subsection_name,
    null::Nullable(Int32) as course_order,
    null::Nullable(Bool) as is_graded
from ccx_blocks
union all
-- An object without usage key stands in no section.
select
    course_key,
    block_id,
    block_name,
    null::Nullable(String) as section_name,
    null::Nullable(String) as subsection_name,
    null::Nullable(Int32) as course_order,
    null::Nullable(Bool) as is_graded
from foreign_objects
