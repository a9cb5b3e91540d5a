{#- Partition of a course-scoped relation: its courses are spread over a fixed number of buckets. -#}
{% macro course_bucket() -%}
    cityHash64(course_key) % {{ oars.setting('course_buckets', 64) }}
{%- endmacro %}
