{#- Text as Bool; NULL unless it is true or false. -#}
{% macro boolean(text) -%}
    transform({{ text }}, ['true', 'false'], [true::Nullable(Bool), false::Nullable(Bool)], null)
{%- endmacro %}
