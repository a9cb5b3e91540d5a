{#-
    Course key in the URL of a course, percent-decoded: what follows the first `/course/`, or a bare
    key; of the old form Org/Course/Run its three parts. NULL if there is none.
-#}
{% macro course_key_of(url) -%}
    nullIf(extract(
        replaceRegexpOne(decodeURLComponent(coalesce({{ url }}, '')), '^\\C*?/course/', ''),
        '^(?:(?:course|ccx|library)-v1:[^/?#]+|[^/?#:]+/[^/?#]+/[^/?#]+)'
    ), '')
{%- endmacro %}
