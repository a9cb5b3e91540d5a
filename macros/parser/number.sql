{#- Text as Float64; NULL unless it is a finite number. A zero has no sign. -#}
{% macro number(text) -%}
    if(isFinite(toFloat64OrNull({{ text }})), toFloat64OrNull({{ text }}) + 0, null)
{%- endmacro %}
