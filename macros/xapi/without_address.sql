{#- An object's id; of a mailto: or tel: link the scheme only, for the rest is a person's address. -#}
{% macro without_address(object_id) -%}
    nullIf(replaceRegexpOne({{ object_id }}, '(?i)^(mailto:|tel:).*', '\\1'), '')
{%- endmacro %}
