{#- Whether the model is being rendered for a dbt unit test, where no plan exists and all is read. -#}
{% macro is_unit_test() -%}
    {{ return(model is defined and model.resource_type == 'unit_test') }}
{%- endmacro %}
