{#- The databases that the project writes to; that of personal data also while it is turned off. -#}
{% macro own_schemas() %}
    {%- set schemas = graph.nodes.values() | map(attribute='schema') | list -%}
    {{ return((schemas + [target.schema ~ '_pii']) | unique | list) }}
{% endmacro %}


{#- These and those that it reads. -#}
{% macro databases() %}
    {%- set sources = graph.sources.values() | map(attribute='schema') | list -%}
    {{ return((oars.own_schemas() + sources) | unique | list) }}
{% endmacro %}
