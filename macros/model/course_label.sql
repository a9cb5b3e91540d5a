{#-
    Name of a course to read on a chart, with the parts of its key but the run, such as
    `Statistics (Org STAT1)`: label and run together tell any two courses apart.
-#}
{% macro course_label(course_key, course_name) -%}
    {%- set parts -%}
        splitByRegexp('[+/]', replaceRegexpOne({{ course_key }}, '^(?:[a-z]+-v1:)+', ''))
    {%- endset -%}
    {%- set key -%}
        arrayStringConcat(
            arrayFilter((part, nth) -> nth != 3, {{ parts }}, arrayEnumerate({{ parts }})), ' '
        )
    {%- endset -%}
    if(
        coalesce({{ course_name }}, '') != '',
        concat(assumeNotNull({{ course_name }}), ' (', {{ key }}, ')'),
        {{ key }}
    )
{%- endmacro %}
