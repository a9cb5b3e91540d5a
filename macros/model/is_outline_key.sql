{#- Condition: the usage key says itself that it is that of a course, section, subsection or unit. -#}
{% macro is_outline_key(block_id) -%}
    {%- set types = '(?:course|chapter|sequential|vertical)' -%}
    match(
        {{ block_id }},
        '^(?:ccx-)?block-v1:.*[+]type@{{ types }}[+]block@|^i4x://[^/]+/[^/]+/{{ types }}/'
    )
{%- endmacro %}
