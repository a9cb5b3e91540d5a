{#- Organisation of a course key: of course-v1:, ccx-v1: and library-v1: keys, and of Org/Course/Run. -#}
{% macro course_org(course_key) -%}
    nullIf(extract(coalesce({{ course_key }}, ''), '^(?:[a-z]+-v1:)*([^+/]+)[+/]'), '')
{%- endmacro %}
