{#- Keys of a course-scoped relation of learners, from a staging view: never NULL, '' where absent. -#}
{% macro course_learner_keys() -%}
    coalesce(org, '') as org,
    assumeNotNull(course_key) as course_key,
    assumeNotNull(actor_id) as actor_id
{%- endmacro %}
