{#-
    Share of a whole, to 6 places; NULL of nothing. Divided by 1 where there is nothing: a nan would
    stay beneath the NULL, and a later conversion to an integer would meet it.
-#}
{% macro ratio(part, whole) -%}
    if({{ whole }} > 0, round({{ part }} / if({{ whole }} > 0, {{ whole }}, 1), 6), null)
{%- endmacro %}
