{#- The part of a statement that any model uses, as the type that one JSONExtract reads it into.
    The result is kept as text, for a hash of all that is in it: see result_type. -#}
{% macro statement_type() -%}
    {%- set extensions = 'Map(String, Nullable(String))' -%}
    {%- set person -%}
        objectType Nullable(String), mbox Nullable(String), mbox_sha1sum Nullable(String),
        openid Nullable(String), account Tuple(name Nullable(String), homePage Nullable(String))
    {%- endset -%}
    Tuple(
        id Nullable(String),
        stored Nullable(String),
        actor Tuple({{ person }}),
        verb Tuple(id Nullable(String)),
        object Tuple(id Nullable(String), objectType Nullable(String), definition Tuple(
            type Nullable(String), name {{ extensions }}, description {{ extensions }},
            interactionType Nullable(String), choices Nullable(String), extensions {{ extensions }})),
        result Nullable(String),
        context Tuple(
            statement Tuple(id Nullable(String)),
            extensions {{ extensions }},
            contextActivities Tuple(
                parent Array({{ activity_type('parent') }}),
                grouping Array({{ activity_type('grouping') }})))
    )
{%- endmacro %}
