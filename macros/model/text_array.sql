{#- A list of texts as an array literal. -#}
{% macro text_array(texts) -%}
    [{% for text in texts %}{{ oars.text_literal(text) }}{{ ', ' if not loop.last }}{% endfor %}]
{%- endmacro %}
