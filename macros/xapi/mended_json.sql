{#-
    JSON as Python may write it made JSON as the engine reads it: no byte order mark, lone
    surrogates to U+FFFD, NaN, infinities and numbers past Float64 to null. Texts are kept: a
    word is replaced only where a value stands.
-#}
{% macro mended_json(body) -%}
    {%- set number_too_large = '-?[0-9]+(?:[.][0-9]+)?[eE][+]?[0-9]{3,}' -%}
    replaceRegexpAll(
        replaceRegexpAll(
            replaceRegexpAll(
                replaceRegexpOne({{ body }}, '^\\x{FEFF}', ''),
                '(\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\\\u[dD][89a-fA-F][0-9a-fA-F]{2}',
                '\\1\\\\ufffd'
            ),
            '(\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2})\\\\ufffd',
            '\\1'
        ),
        '([:,\\[]\\s*)(?:NaN|-?Infinity|{{ number_too_large }})(\\s*[,}\\]])',
        '\\1null\\2'
    )
{%- endmacro %}
