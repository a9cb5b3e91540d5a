{#-
    Hash of a JSON value, of its text as the engine writes it (no blanks, 1.0 as 1): the same for
    members in another order. Without a comma there is only one order. Nearly all else is an object of
    plain members and objects of such. What is nested deeper is worked off from the inside out, which
    does not depend on the order either: six levels, more than any result has. Each level reads the whole
    text, so what is around them is hashed as it is.
-#}
{% macro json_hash(text) -%}
    {%- set members = "JSONExtractKeysAndValuesRaw(" ~ text ~ ")" -%}
    {%- set objects = "countSubstrings(" ~ text ~ ", '{')" -%}
    {%- set lists = "countSubstrings(" ~ text ~ ", '[')" -%}
    cityHash64(multiIf(
        position({{ text }}, ',') = 0,
        {{ text }},
        startsWith({{ text }}, '{')
        and {{ lists }} = 0
        and {{ objects }} = 1 + arrayCount(member -> startsWith(member.2, '{'), {{ members }}),
        toString(cityHash64(arraySort(arrayMap(
            member -> (member.1, if(
                startsWith(member.2, '{'),
                toString(cityHash64(arraySort(JSONExtractKeysAndValuesRaw(member.2)))),
                concat(' ', member.2)
            )),
            {{ members }}
        )))),
        arrayFold(
            (value, level) -> {{ hashed_inside('value') }},
            range(least({{ objects }} + {{ lists }}, 6)),
            {{ text }}
        )
    ))
{%- endmacro %}
