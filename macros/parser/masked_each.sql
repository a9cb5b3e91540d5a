{#- An array of texts, each masked: one expression for all of them, which is cheap to plan. -#}
{% macro masked_each(texts) -%}
    arrayMap(text -> {{ masked('text') }}, [{{ texts | join(', ') }}])
{%- endmacro %}
