{#- The part of a context activity that any model uses, as a type for JSONExtract. -#}
{% macro activity_type(kind) -%}
    Tuple(id Nullable(String), objectType Nullable(String), definition Tuple(
        type Nullable(String)
        {%- if kind == 'grouping' %}, extensions Map(String, Nullable(String)){% endif -%}
    ))
{%- endmacro %}
