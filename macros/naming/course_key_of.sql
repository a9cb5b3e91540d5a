{#-
    Course key in a course URL, percent-decoded: what follows `/course/`, also of the old form
    Org/Course/Run; NULL if there is none.
-#}
{% macro course_key_of(url) -%}
    nullIf(coalesce(
        nullIf(extract(
            decodeURLComponent(coalesce({{ url }}, '')),
            '(?:/course/|^)((?:[a-z]+-v1:)+[^/?#]+|[^/?#:]+/[^/?#]+/[^/?#]+)'
        ), ''),
        extract(decodeURLComponent(coalesce({{ url }}, '')), '/course/([^/?#]+)')
    ), '')
{%- endmacro %}
