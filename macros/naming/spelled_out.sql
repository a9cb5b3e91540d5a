{#- A code in words; a code that is not known stays as it is. -#}
{% macro spelled_out(code, words) -%}
    transform(
        {{ code }}, {{ text_array(words.keys()) }}, {{ text_array(words.values()) }}, {{ code }}
    )
{%- endmacro %}
