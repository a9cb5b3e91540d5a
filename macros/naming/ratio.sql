{#- Share of a whole, to 6 places; NULL of nothing, and no nan beneath the NULL. -#}
{% macro ratio(part, whole) -%}
    if({{ whole }} > 0, round({{ part }} / nullIf({{ whole }}, 0), 6), null)
{%- endmacro %}
