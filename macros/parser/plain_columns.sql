{#-
    The columns of a model by its contract, those of LowCardinality as the type that they stand for:
    how a model stores its texts is its own affair.
-#}
{% macro plain_columns(model_name) -%}
    {%- if not execute -%}*{%- else -%}
        {%- set columns = graph.nodes['model.oars.' ~ model_name].columns -%}
        {%- for name, column in columns.items() %}
    {{ name }}
            {%- if column.data_type.startswith('LowCardinality(') -%}
                ::{{ column.data_type['LowCardinality(' | length:-1] }} as {{ name }}
            {%- endif -%}
            {{ ',' if not loop.last }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
