{#- Condition: the row's course is one that this run builds. For reads of course-scoped relations. -#}
{% macro planned() -%}
    {%- if is_unit_test() -%}
        true
    {%- else -%}
        course_key in (
            select plan.course_key from {{ ops('plan') }} as plan where plan.relation = '{{ model.name }}'
        )
    {%- endif -%}
{%- endmacro %}
