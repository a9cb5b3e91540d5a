{#-
    Course key in the URL of a course, percent-decoded, that follows /course/ or /courses/, or bare: a
    course-v1:, ccx-v1: or library-v1: key. NULL if there is none.
-#}
{% macro course_key_of(url) -%}
    nullIf(extract(
        decodeURLComponent(coalesce({{ url }}, '')),
        '^(?:[^?#]*?/courses?/)?((?:course|ccx|library)-v1:{{ key_pattern() }})(?:[/?#]|$)'
    ), '')
{%- endmacro %}
