{#-
    Condition: the statement is of a month in which one of the courses that this run builds has any.
    It changes no answer; it lets the engine leave the other months, nearly all of a site's history,
    unread.
-#}
{% macro in_planned_months() -%}
    {%- if oars.is_unit_test() -%}
        true
    {%- else -%}
        toYYYYMM(emission_time) in {{ oars.months_of_building() }}
    {%- endif -%}
{%- endmacro %}
