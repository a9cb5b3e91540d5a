{#- Condition: the id of the block is a usage key of Open edX, not the id of a foreign object. -#}
{% macro is_usage_key(block_id) -%}
    match({{ block_id }}, '^(?:(?:ccx-|lib-)?block-v1:|i4x://|lb:)')
{%- endmacro %}
