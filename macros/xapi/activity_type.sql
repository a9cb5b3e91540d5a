{#- The part of a context activity that any model uses, as a type for JSONExtract. -#}
{% macro activity_type() -%}
    Tuple(id Nullable(String), objectType Nullable(String), definition Tuple(
        type Nullable(String), extensions Map(String, Nullable(String))))
{%- endmacro %}
