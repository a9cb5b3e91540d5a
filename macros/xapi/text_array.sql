{#- A list of texts as an array literal. -#}
{% macro text_array(texts) -%}
    [
    {%- for text in texts -%}
        '{{ text | replace("\\", "\\\\") | replace("'", "\\'") }}'{{ ', ' if not loop.last }}
    {%- endfor -%}
    ]
{%- endmacro %}
