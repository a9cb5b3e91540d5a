{#- Regular expression of a part of a key: what Open edX allows in one, whatever the alphabet. -#}
{% macro key_part() -%}
    [\\pL\\pN_.~-]+
{%- endmacro %}
