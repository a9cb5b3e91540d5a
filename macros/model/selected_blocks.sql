{#-
    Select of the blocks that are shown to some learners only, with the block that selects them. Below
    a selector is what follows in course order, up to the next one or to the end of what it is about:
    its unit or, where a vertical (sequential) comes directly after it, its subsection (section).
-#}
{% macro selected_blocks(blocks) -%}
    with
    in_order as (
        select
            course_key,
            block_id,
            course_order,
            toString(section_number) as section_place,
            concat(section_place, ':', toString(subsection_number)) as subsection_place,
            concat(subsection_place, ':', toString(unit_number)) as place,
            leadInFrame(block_type) over (
                partition by course_key order by course_order, block_id
                rows between current row and 1 following
            ) as next_type,
            if(
                block_type in {{ oars.selector_types() }} and not is_detached,
                multiIf(
                    next_type = 'sequential', section_place,
                    next_type = 'vertical', subsection_place,
                    place
                ),
                null
            ) as selector_place
        from {{ blocks }}
    ),
    below_selectors as (
        select
            course_key,
            block_id,
            place,
            last_value(if(isNull(selector_place), null, block_id)) ignore nulls over before
                as selector_id,
            last_value(selector_place) ignore nulls over before as last_selector_place
        from in_order
        window before as (
            partition by course_key order by course_order, block_id
            rows between unbounded preceding and 1 preceding
        )
    )
    select
        course_key,
        block_id,
        selector_id
    from below_selectors
    where startsWith(concat(place, ':'), concat(last_selector_place, ':'))
{%- endmacro %}
