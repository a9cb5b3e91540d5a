{#-
    Hash of a JSON value, of its text as the engine writes it (no blanks, 1.0 as 1): the same for
    members in another order. From the inside out each object and list is replaced by a hash of its
    members, those of an object sorted, until one value is left. Without a comma there is only one
    order. A text is taken whole, whatever brackets are in it.
-#}
{% macro json_hash(text) -%}
    {%- set quoted = '"(?:[^"\\\\\\\\]|\\\\\\\\.)*"' -%}
    {%- set plain = '(?:[^\\[\\]{}"]|' ~ quoted ~ ')*' -%}
    {%- set members = "extractAll(substring(piece, 2, length(piece) - 2), '(?:[^,\"]|" ~ quoted ~ ")+')" -%}
    cityHash64(if(
        position({{ text }}, ',') = 0,
        {{ text }},
        arrayFold(
            (value, level) -> arrayStringConcat(arrayMap(
                piece -> multiIf(
                    length(piece) = 1, piece,
                    startsWith(piece, '{'),
                    concat('#', toString(cityHash64(arraySort({{ members }})))),
                    startsWith(piece, '['),
                    concat('$', toString(cityHash64({{ members }}))),
                    piece
                ),
                extractAll(value, '(?s)[{]{{ plain }}[}]|\\[{{ plain }}\\]|{{ quoted }}|[^\\[\\]{}"]+|.')
            )),
            range(least(countSubstrings({{ text }}, '{') + countSubstrings({{ text }}, '['), 512)),
            {{ text }}
        )
    ))
{%- endmacro %}
