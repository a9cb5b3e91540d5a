{#- The engine of a table, replicated where the target names a cluster. -#}
{% macro replicated(engine) -%}
    {{ 'Replicated' if target.cluster }}{{ engine }}
{%- endmacro %}
