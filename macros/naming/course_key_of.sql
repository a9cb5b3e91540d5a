{#-
    Course key in the URL of a course, percent-decoded: what follows the first `/course/`, or a bare
    key; of the old form Org/Course/Run its three parts. NULL if there is none.
-#}
{% macro course_key_of(url) -%}
    {%- set decoded = "decodeURLComponent(coalesce(" ~ url ~ ", ''))" -%}
    {%- set marker = "position(" ~ decoded ~ ", '/course/')" -%}
    nullIf(extract(
        substring({{ decoded }}, if({{ marker }} > 0, {{ marker }} + length('/course/'), 1)),
        '^(?:(?:course|ccx|library)-v1:[^/?#]+|[^/?#:]+/[^/?#]+/[^/?#]+)'
    ), '')
{%- endmacro %}
