{#- The var as_of, or the start of the run where it is not set. -#}
{% macro as_of() -%}
    {%- set moment = var('as_of', none) or run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f') -%}
    toDateTime64('{{ moment }}', 6, 'UTC')
{%- endmacro %}
