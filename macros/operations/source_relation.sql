{#- Name of a source table in the ledger. -#}
{% macro source_relation(source) -%}
    {{ return(source.source_name ~ '.' ~ source.name) }}
{%- endmacro %}
