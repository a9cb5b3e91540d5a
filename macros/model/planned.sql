{#-
    Condition: the row's course is one that this run builds. For reads of course-scoped relations
    and, with `of_no_course`, of statements without a course as well.
-#}
{% macro planned(of_no_course=false) -%}
    {%- set plan = oars.courses_of_building() -%}
    {%- if oars.is_unit_test() -%}
        true
    {%- elif of_no_course -%}
        {#- The first line lets the engine use the sort key, the second is the condition. -#}
        (course_key is null or course_key in {{ plan }})
        and coalesce(course_key, '') in {{ plan }}
    {%- else -%}
        course_key in {{ plan }}
    {%- endif -%}
{%- endmacro %}
