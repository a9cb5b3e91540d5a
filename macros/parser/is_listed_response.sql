{#-
    Whether the choices of a question name the response, by id or description: of a list each of its
    texts. `choices` is the JSON text of the definition's choices, `texts` those of a list. NULL where
    the definition has no choices or the response is empty.
-#}
{% macro is_listed_response(choices, response, texts) -%}
    {%- set names -%}
        arrayFlatten(arrayMap(
            choice -> arrayConcat([choice.id], mapValues(choice.description)),
            JSONExtract(
                {{ choices }},
                'Array(Tuple(id Nullable(String), description Map(String, Nullable(String))))'
            )
        ))
    {%- endset -%}
    {%- set sought = "if(notEmpty(" ~ texts ~ "), " ~ texts ~ ", [coalesce(" ~ response ~ ", '')])" -%}
    if(
        notEmpty({{ response }}) and JSONLength({{ choices }}) > 0,
        toNullable((
            length(arrayIntersect({{ names }}, {{ sought }})) = length(arrayDistinct({{ sought }}))
        )::Bool),
        null
    )
{%- endmacro %}
