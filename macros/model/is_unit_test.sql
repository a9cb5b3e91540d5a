{#- 'yes' where a model is rendered for a dbt unit test, in which no plan exists and all is read. -#}
{% macro is_unit_test() -%}
    {{ 'yes' if model.resource_type == 'unit_test' }}
{%- endmacro %}
