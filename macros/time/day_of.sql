{#- The day of a time in the reporting time zone. -#}
{% macro day_of(time) -%}
    toDate(toTimeZone({{ time }}, '{{ var("reporting_timezone") }}'))
{%- endmacro %}
