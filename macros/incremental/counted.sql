{#-
    Condition: the statement counts in the courses that this run builds. It is in the plan, not
    later than "now", and not of an actor that the site excludes. For reads of staging views.
    With `of_no_course` statements without a course count too.
-#}
{% macro counted(of_no_course=false) -%}
    {%- if is_unit_test() -%}
        true
    {%- else -%}
        {%- set excluded = ref('excluded_actors') -%}
        {{ planned(of_no_course) }}
        and emission_time <= {{ now_at() }}
        and actor_id not in (select actor_id from {{ excluded }} where course_key = '')
        and (actor_id, coalesce(course_key, '')) not in (
            select actor_id, course_key from {{ excluded }}
        )
    {%- endif -%}
{%- endmacro %}
