{#-
    JSON as Python may write it made JSON as the engine reads it: no byte order mark, lone
    surrogates to U+FFFD, NaN, infinities and numbers past Float64 to null. Texts are kept: only
    words outside of them are replaced.
-#}
{% macro mended_json(body) -%}
    {#- Kept: a pair of surrogates, and an escaped backslash, which no `u` after it belongs to. -#}
    {%- set kept -%}
        \\\\\\\\|\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}
    {%- endset -%}
    arrayStringConcat(arrayMap(
        token -> if(
            match(token, '^(NaN|-?Infinity|-?[0-9]+([.][0-9]+)?[eE][+]?[0-9]{3,})$'), 'null', token
        ),
        extractAll(
            replaceRegexpAll(
                replaceRegexpAll(
                    replaceRegexpOne({{ body }}, '^\\x{FEFF}', ''),
                    '({{ kept }})|\\\\u[dD][89a-fA-F][0-9a-fA-F]{2}',
                    '\\1\\\\ufffd'
                ),
                '({{ kept }})\\\\ufffd',
                '\\1'
            ),
            '(?s)"(?:[^"\\\\]|\\\\.)*(?:"|\\\\?$)|[^",:\\[\\]{}\\s]+|.'
        )
    ))
{%- endmacro %}
