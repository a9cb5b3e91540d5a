{#- Text as Float64; NULL unless it is a finite number. -#}
{% macro number(text) -%}
    if(isFinite(toFloat64OrNull({{ text }})), toFloat64OrNull({{ text }}), null)
{%- endmacro %}
