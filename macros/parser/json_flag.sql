{#- A flag of a JSON payload that the LMS writes as 0/1 or as true/false. -#}
{% macro json_flag(payload, key) -%}
    (JSONExtractRaw({{ payload }}, '{{ key }}') in ('1', 'true'))
{%- endmacro %}
