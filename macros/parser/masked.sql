{#-
    Text with *** for whatever looks like an e-mail address or like a telephone number: + and 8 to 15
    digits, or 9 to 15 digits in three groups or more, unless they go on from a word, as in a file's
    name or a UUID.
-#}
{% macro masked(text) -%}
    {%- set number = '[(]?[+]?[(]?[0-9](?:[ .()-]{0,3}[0-9])*\\\\b' -%}
    {%- set letter = 'A-Za-z_\\x{C0}-\\x{1FFF}' -%}
    {%- set uuid = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}' -%}
    {%- set digit_count = "length(replaceRegexpAll(piece, '[^0-9]', ''))" -%}
    if(
        match({{ text }}, '{{ at_sign() }}|[0-9][ .()-]{1,3}[0-9]|[+][(]?[0-9]'),
        arrayStringConcat(arrayMap(
            piece -> if(
                match(piece, '^[(+]*[0-9][0-9 .()-]+$')
                and {{ digit_count }} between 8 and 15
                and (
                    position(piece, '+') > 0
                    or {{ digit_count }} > 8 and match(piece, '[0-9][^0-9]+[0-9]+[^0-9]+[0-9]')
                ),
                '***',
                piece
            ),
            extractAll(
                assumeNotNull({{ masked_addresses(text) }}),
                '(?s){{ uuid }}|{{ number }}|[{{ letter }}][{{ letter }}0-9.+-]*|[{{ letter }}0-9]+|[^{{ letter }}0-9(+]+|.'
            )
        )),
        {{ text }}
    )
{%- endmacro %}
