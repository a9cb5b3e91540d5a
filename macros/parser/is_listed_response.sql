{#-
    Whether the choices in the object's definition name the response, by id or description: of a
    list each of its texts. NULL where the definition has no choices or the response is empty.
-#}
{% macro is_listed_response(response) -%}
    {%- set names -%}
        arrayFlatten(arrayMap(
            choice -> arrayConcat([choice.id], mapValues(choice.description)),
            JSONExtract(
                mended_body, 'object', 'definition', 'choices',
                'Array(Tuple(id Nullable(String), description Map(String, Nullable(String))))'
            )
        ))
    {%- endset -%}
    {%- set texts -%}
        if(
            notEmpty({{ response_choices(response) }}),
            {{ response_choices(response) }},
            [coalesce({{ response }}, '')]
        )
    {%- endset -%}
    if(
        notEmpty({{ response }})
        and position(mended_body, '"choices"') > 0
        and JSONLength(mended_body, 'object', 'definition', 'choices') > 0,
        toNullable(hasAll({{ names }}, {{ texts }})::Bool),
        null
    )
{%- endmacro %}
