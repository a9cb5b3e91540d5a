{#- Share of a whole, to 6 places; NULL of nothing. -#}
{% macro ratio(part, whole) -%}
    if({{ whole }} > 0, round({{ part }} / {{ whole }}, 6), null)
{%- endmacro %}
