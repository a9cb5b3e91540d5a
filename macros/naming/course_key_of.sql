{#-
    Course key in the URL of a course, percent-decoded: what follows `/course/`, or a bare key; of
    the old form Org/Course/Run its three parts. NULL if there is none.
-#}
{% macro course_key_of(url) -%}
    nullIf(extract(
        splitByString('/course/', decodeURLComponent(coalesce({{ url }}, '')))[-1],
        '^(?:[a-z]+-v1:[^/?#]+|[^/?#:]+/[^/?#]+/[^/?#]+)'
    ), '')
{%- endmacro %}
