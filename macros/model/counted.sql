{#-
    Condition: the statement counts in the courses that this run builds. It is in the plan, not
    later than "now", not of an actor that the site excludes, was not taken back and is no twin. For
    reads of staging views. With `of_no_course` statements without a course count too.
-#}
{% macro counted(of_no_course=false) -%}
    {%- if oars.is_unit_test() -%}
        true
    {%- else -%}
        {{ oars.in_planned_months() }}
        and {{ oars.planned(of_no_course) }}
        and emission_time <= {{ oars.now_at() }}
        and not {{ oars.is_excluded() }}
        and event_id not in (
            select uncounted.event_id
            from {{ ref('oars', 'int_uncounted_statements') }} as uncounted
            where {{ oars.planned(of_no_course) }}
        )
    {%- endif -%}
{%- endmacro %}
