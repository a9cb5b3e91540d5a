{#-
    Subsection that a block is in, after a left join of dim_course_blocks as `blocks`: that of the
    structure, NULL above or outside of one. A block that the structure does not have is in itself
    where its key is that of a subsection, else in '', so that it is not lost; a foreign object is in
    no subsection.
-#}
{% macro subsection_of_block(block_id) -%}
    multiIf(
        blocks.block_id != '', blocks.subsection_id,
        {{ oars.is_subsection_key(block_id) }}, {{ block_id }},
        not {{ oars.is_usage_key(block_id) }}, null,
        ''
    )
{%- endmacro %}
