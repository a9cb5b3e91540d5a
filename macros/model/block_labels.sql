{#-
    Select of a label for each block, to read on a chart: its place and name. Numbers are padded to
    the longest of the course, so that labels sort as the course goes; blocks of the same place and
    name are numbered.
-#}
{% macro block_labels(blocks) -%}
    {%- set numbers = 'section_number, subsection_number, unit_number' -%}
    select
        course_key,
        block_id,
        row_number() over (partition by course_key, label order by course_order, block_id) as nth,
        if(nth > 1, concat(label, ' (', toString(nth), ')'), label) as block_label
    from (
        select
            course_key,
            block_id,
            course_order,
            max(length(toString(greatest({{ numbers }})))) over (partition by course_key) as digits,
            arrayStringConcat(arrayMap(
                number -> leftPad(toString(number), digits, '0'),
                arrayFilter(number -> number > 0, [{{ numbers }}])
            ), ':') as place,
            trimBoth(concat(place, ' ', coalesce(nullIf(block_name, ''), block_type, ''))) as label
        from {{ blocks }}
    )
{%- endmacro %}
