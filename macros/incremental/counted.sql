{#-
    Condition: the statement counts in the courses that this run builds. It is in the plan, not
    later than "now", and not of an actor that the site excludes. For reads of staging views.
    With `of_no_course` statements without a course count too.
-#}
{% macro counted(of_no_course=false) -%}
    {%- if is_unit_test() -%}
        true
    {%- else -%}
        {{ in_planned_months() }}
        and {{ planned(of_no_course) }}
        and emission_time <= {{ now_at() }}
        and not {{ is_excluded() }}
    {%- endif -%}
{%- endmacro %}
