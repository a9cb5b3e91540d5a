{#-
    Condition: the statement counts in the courses that this run builds. It is in the plan, not
    later than "now", and not of an actor that the site excludes. For reads of staging views.
    With `of_no_course` statements without a course count too.
-#}
{% macro counted(of_no_course=false) -%}
    {%- if oars.is_unit_test() -%}
        true
    {%- else -%}
        {{ oars.in_planned_months() }}
        and {{ oars.planned(of_no_course) }}
        and emission_time <= {{ oars.now_at() }}
        and not {{ oars.is_excluded() }}
    {%- endif -%}
{%- endmacro %}
