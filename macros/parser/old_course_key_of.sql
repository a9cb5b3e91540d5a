{#-
    Course key of the old form Org/Course/Run that ends the URL of a course, percent-decoded, after
    /course/ or /courses/. NULL if there is none.
-#}
{% macro old_course_key_of(url) -%}
    nullIf(extract(
        decodeURLComponent(coalesce({{ url }}, '')),
        '^[^?#]*?/courses?/({{ key_part('%') }}/{{ key_part('%') }}/{{ key_part('%') }})/?$'
    ), '')
{%- endmacro %}
