{#- The columns of int_block_names that name a block where a mart is about one. -#}
{% macro block_name_columns() -%}
    course_key,
    block_id,
    block_name,
    section_name,
    subsection_name
{%- endmacro %}
