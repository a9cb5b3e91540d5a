{#-
    JSON text with a hash of its members in place of each object, where their order does not matter, and
    of each list that has no other object or list in it. A text without an end, in what is no JSON, is one
    piece: it would else be read to the end from each of its quotes.
-#}
{% macro hashed_inside(text) -%}
    {%- set quoted = '"[^"\\\\\\\\]*(?:\\\\\\\\.[^"\\\\\\\\]*)*"' -%}
    {%- set plain = '[^\\[\\]{}"]*(?:' ~ quoted ~ '[^\\[\\]{}"]*)*' -%}
    {%- set members -%}
        extractAll(substring(piece, 2, length(piece) - 2), '(?:[^,"]|{{ quoted }})+')
    {%- endset -%}
    arrayStringConcat(arrayMap(
        piece -> multiIf(
            length(piece) = 1, piece,
            startsWith(piece, '{'), concat('#', toString(cityHash64(arraySort({{ members }})))),
            startsWith(piece, '['), concat('$', toString(cityHash64({{ members }}))),
            piece
        ),
        extractAll(
            {{ text }},
            '(?s)[{]{{ plain }}[}]|\\[{{ plain }}\\]|(?:[^\\[\\]{}"]|{{ quoted }})+|[\\]}]+|".*|.'
        )
    ))
{%- endmacro %}
