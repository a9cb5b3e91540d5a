{#- The part of a statement's result that any model uses, as a type for JSONExtract. -#}
{% macro result_type() -%}
    Tuple(
        success Nullable(Bool), completion Nullable(Bool), duration Nullable(String),
        response Nullable(String),
        score Tuple(min Nullable(String), max Nullable(String), raw Nullable(String),
            scaled Nullable(String)),
        extensions Map(String, Nullable(String))
    )
{%- endmacro %}
