{#- Condition: the usage key says itself that it is that of a subsection. -#}
{% macro is_subsection_key(block_id) -%}
    match({{ block_id }}, '\\+type@sequential\\+block@|^i4x://[^/]+/[^/]+/sequential/')
{%- endmacro %}
