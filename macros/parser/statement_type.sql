{#- The part of a statement that any model uses, as the type that one JSONExtract reads it into. -#}
{% macro statement_type() -%}
    {%- set extensions = 'Map(String, Nullable(String))' -%}
    {%- set person -%}
        mbox Nullable(String), mbox_sha1sum Nullable(String), openid Nullable(String),
        account Tuple(name Nullable(String))
    {%- endset -%}
    Tuple(
        id Nullable(String),
        stored Nullable(String),
        actor Tuple({{ person }}),
        verb Tuple(id Nullable(String)),
        object Tuple(id Nullable(String), objectType Nullable(String), definition Tuple(
            type Nullable(String), name {{ extensions }}, description {{ extensions }},
            interactionType Nullable(String), extensions {{ extensions }})),
        result Tuple(
            success Nullable(Bool), completion Nullable(Bool), duration Nullable(String),
            response Nullable(String),
            score Tuple(min Nullable(String), max Nullable(String), raw Nullable(String),
                scaled Nullable(String)),
            extensions {{ extensions }}),
        context Tuple(
            statement Tuple(id Nullable(String)),
            extensions {{ extensions }},
            contextActivities Tuple(
                parent Array({{ activity_type('parent') }}),
                grouping Array({{ activity_type('grouping') }})))
    )
{%- endmacro %}
