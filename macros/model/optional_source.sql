{#-
    A table of the LMS that a site may lack: the table, or one without rows that has the columns by
    which the source describes it. Whether it is there is seen whenever the view is made, that is by
    each run.
-#}
{% macro optional_source(name) -%}
    {%- set table = source('event_sink', name) -%}
    {%- if not execute or oars.is_unit_test() or load_relation(table) is not none -%}
    {{ table }}
    {%- else -%}
    (
        select
        {%- for column in graph.sources['source.oars.event_sink.' ~ name].columns.values() %}
            defaultValueOfTypeName('{{ column.data_type }}') as {{ column.name }}
            {{- ',' if not loop.last }}
        {%- endfor %}
        where false
    )
    {%- endif -%}
{%- endmacro %}
