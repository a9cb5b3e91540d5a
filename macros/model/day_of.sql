{#- The day of a time in the reporting time zone. -#}
{% macro day_of(time) -%}
    toDate(toTimeZone({{ time }}, '{{ oars.setting('reporting_timezone', 'UTC') }}'))
{%- endmacro %}
