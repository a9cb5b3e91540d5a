{#- Condition: the statement's actor is one that the site excludes, everywhere or in the course. -#}
{% macro is_excluded() -%}
    {%- set excluded = ref('oars', 'excluded_actors') -%}
    coalesce(
        actor_id in (select actor_id from {{ excluded }} where course_key = '')
        or (actor_id, coalesce(course_key, '')) in (select actor_id, course_key from {{ excluded }}),
        false
    )
{%- endmacro %}
