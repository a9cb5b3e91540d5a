{#-
    A ratio in per cent, exact to six places of the ratio: divided as a whole number, for 0.58 * 100 is
    a little less than 58, and without a negative zero.
-#}
{% macro percent(ratio) -%}
    toInt64(round({{ ratio }} * 1000000)) / 10000
{%- endmacro %}
