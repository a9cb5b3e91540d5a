{#- A key, NULL where it is longer than any of Open edX. -#}
{% macro within_length(key) -%}
    if(lengthUTF8({{ key }}) <= 255, {{ key }}, null)
{%- endmacro %}
