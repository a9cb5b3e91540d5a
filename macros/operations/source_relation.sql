{#- Name of a source table in the ledger. -#}
{% macro source_relation(source) -%}
    {{ source.source_name }}.{{ source.name }}
{%- endmacro %}
