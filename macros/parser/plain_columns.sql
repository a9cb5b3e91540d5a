{#-
    The columns of a model by its contract, those of LowCardinality as the type that they stand for:
    how a model stores its texts is its own affair.
-#}
{% macro plain_columns(model_name) -%}
    {%- if not execute -%}*{%- else -%}
        {%- set columns = oars.contract_of(graph.nodes['model.oars.' ~ model_name]) -%}
        {%- for name, data_type in columns.items() %}
    {{ name }}
            {%- if data_type.startswith('LowCardinality(') -%}
                ::{{ data_type['LowCardinality(' | length:-1] }} as {{ name }}
            {%- endif -%}
            {{ ',' if not loop.last }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
