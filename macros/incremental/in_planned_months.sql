{#-
    Condition: the statement is of a month in which one of the courses that this run builds has any.
    It changes no answer; it lets the engine leave the other months, nearly all of a site's history,
    unread.
-#}
{% macro in_planned_months() -%}
    {%- if is_unit_test() -%}
        true
    {%- else -%}
        toYYYYMM(emission_time) in (
            select course_months.month
            from {{ ops('course_months') }} as course_months
            where course_months.course_key in (
                select plan.course_key
                from {{ ops('plan') }} as plan
                where plan.relation = '{{ model.name }}'
            )
        )
    {%- endif -%}
{%- endmacro %}
