{#- Whole microseconds as seconds, to the millisecond. -#}
{% macro seconds(microseconds) -%}
    round({{ microseconds }} / 1000000, 3)
{%- endmacro %}
