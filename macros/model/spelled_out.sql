{#- A code in words; a code that is not known stays as it is. -#}
{% macro spelled_out(code, words) -%}
    transform(
        {{ code }}, {{ oars.text_array(words.keys()) }}, {{ oars.text_array(words.values()) }}, {{ code }}
    )
{%- endmacro %}
