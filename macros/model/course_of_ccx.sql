{#- Key of the course that a CCX was made from: its own with another scheme and no number at the end. -#}
{% macro course_of_ccx(course_key) -%}
    replaceRegexpOne({{ course_key }}, '^ccx-v1:(.+)\\+ccx@[^+]+$', 'course-v1:\\1')
{%- endmacro %}
