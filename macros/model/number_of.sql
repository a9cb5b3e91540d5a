{#- How many of what, in words: '1 block', '2 blocks'. -#}
{% macro number_of(count, thing) -%}
    concat(toString({{ count }}), ' {{ thing }}', if({{ count }} = 1, '', 's'))
{%- endmacro %}
