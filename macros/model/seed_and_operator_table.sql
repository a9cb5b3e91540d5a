{#-
    Select of the rows of a seed and, where it is there, of the table that a job of the operator's
    own fills. A site without the table is one with the seed alone; whether it is there is seen
    whenever the view is made, that is by each run.
-#}
{% macro seed_and_operator_table(seed, table, columns) -%}
    select {{ columns | join(', ') }}
    from {{ seed }}
    {%- if oars.is_unit_test() or (execute and load_relation(table) is not none) %}
    union all
    select {{ columns | join(', ') }}
    from {{ table }}
    {%- endif %}
{%- endmacro %}
