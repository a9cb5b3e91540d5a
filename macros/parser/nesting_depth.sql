{#- How deep objects and arrays are nested in a JSON text; brackets inside of texts do not count. -#}
{% macro nesting_depth(body) -%}
    arrayMax(arrayCumSum(arrayMap(
        bracket -> if(bracket in ('{', '['), 1, -1),
        extractAll(
            replaceRegexpAll({{ body }}, '"(?:[^"\\\\]|\\\\.)*"', ''), '[\\[\\]{}]'
        )
    )))
{%- endmacro %}
