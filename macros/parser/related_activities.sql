{#- The context's activities of a kind as a list, also where the statement has one object. -#}
{% macro related_activities(kind) -%}
    {%- set listed = 'statement.context.contextActivities.' ~ kind -%}
    if(
        empty({{ listed }}) and position(mended_body, '"{{ kind }}"') > 0
        and JSONType(mended_body, 'context', 'contextActivities', '{{ kind }}') = 'Object',
        [JSONExtract(
            mended_body, 'context', 'contextActivities', '{{ kind }}', '{{ activity_type(kind) }}'
        )],
        {{ listed }}
    )
{%- endmacro %}
