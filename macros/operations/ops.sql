{#- A table of the project's own bookkeeping (plans, ledger, clock) in the schema oars_ops. -#}
{% macro ops(table) -%}
    {{ target.schema }}_ops.{{ table }}
{%- endmacro %}
