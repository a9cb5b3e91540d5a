{#- Run of a course key, the third part; a library and a malformed key have none. -#}
{% macro course_run(course_key) -%}
    nullIf(extract(
        coalesce({{ course_key }}, ''), '^(?:[a-z]+-v1:)*[^+/]+[+/][^+/]+[+/]([^+/]+)'
    ), '')
{%- endmacro %}
