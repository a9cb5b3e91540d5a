{{ course_relation(order_by=['org', 'course_key', 'block_id']) }}

with

published_blocks as (

    select *
    from {{ ref('stg_event_sink__course_blocks') }}
    where {{ planned() }}

),

-- A section stands in no subsection, a subsection in no unit, a detached block in none of them.
blocks as (

    select
        * except (section_number, subsection_number, unit_number),
        multiIf(
            is_detached, 0, block_type = 'chapter', 1, block_type = 'sequential', 2, 3
        ) as depth,
        if(depth >= 1, section_number, 0) as section_number,
        if(depth >= 2, subsection_number, 0) as subsection_number,
        if(depth >= 3, unit_number, 0) as unit_number,
        nullIf(arrayStringConcat(arrayFilter(
            number -> number > 0, [section_number, subsection_number, unit_number]
        ), ':'), '') as hierarchy_location
    from published_blocks

),

labels as (

    {{ block_labels('blocks') }}

),

selected as (

    {{ selected_blocks('blocks') }}

),

tags as (

    select
        tag_id,
        tag_name
    from {{ ref('stg_event_sink__tags') }}

),

sections as (

    select
        course_key,
        section_number,
        toNullable(block_id) as section_id,
        block_name
    from blocks
    where block_type = 'chapter'
    order by course_order
    limit 1 by course_key, section_number

),

subsections as (

    select
        course_key,
        section_number,
        subsection_number,
        toNullable(block_id) as subsection_id,
        block_name
    from blocks
    where block_type = 'sequential'
    order by course_order
    limit 1 by course_key, section_number, subsection_number

),

units as (

    select
        course_key,
        section_number,
        subsection_number,
        unit_number,
        toNullable(block_id) as unit_id,
        block_name
    from blocks
    where block_type = 'vertical'
    order by course_order
    limit 1 by course_key, section_number, subsection_number, unit_number

),

tagged as (

    select
        course_key,
        block_id,
        arrayJoin(tag_ids) as tag_id
    from blocks

),

tag_names as (

    select
        tagged.course_key as course_key,
        tagged.block_id as block_id,
        arraySort(groupUniqArray(assumeNotNull(tags.tag_name))) as tags
    from tagged
    inner join tags on tagged.tag_id = tags.tag_id
    where tags.tag_name is not null
    group by course_key, block_id

)

select
    -- ids
    blocks.org as org,
    blocks.course_key as course_key,
    blocks.block_id as block_id,
    sections.section_id as section_id,
    subsections.subsection_id as subsection_id,
    units.unit_id as unit_id,
    selected.selector_id as selector_id,

    -- texts
    blocks.block_type as block_type,
    blocks.block_name as block_name,
    sections.block_name as section_name,
    subsections.block_name as subsection_name,
    units.block_name as unit_name,
    blocks.hierarchy_location as hierarchy_location,
    labels.block_label as block_label,
    tag_names.tags as tags,

    -- figures
    blocks.course_order as course_order,

    -- booleans
    blocks.is_graded::Bool as is_graded,
    coalesce(blocks.completion_mode = 'completable', false)::Bool as is_completable,

    -- times
    blocks.last_published_at as last_published_at
from blocks
inner join labels
    on blocks.course_key = labels.course_key and blocks.block_id = labels.block_id
left join sections
    on
        blocks.course_key = sections.course_key
        and blocks.section_number = sections.section_number
left join subsections
    on
        blocks.course_key = subsections.course_key
        and blocks.section_number = subsections.section_number
        and blocks.subsection_number = subsections.subsection_number
left join units
    on
        blocks.course_key = units.course_key
        and blocks.section_number = units.section_number
        and blocks.subsection_number = units.subsection_number
        and blocks.unit_number = units.unit_number
left join selected
    on blocks.course_key = selected.course_key and blocks.block_id = selected.block_id
left join tag_names
    on blocks.course_key = tag_names.course_key and blocks.block_id = tag_names.block_id
