{#-
    Text as Int64; NULL unless it is a whole number that fits (3 and 3.0 are, 3.5 is not), and not
    under the least.
-#}
{% macro whole_number(text, least=none) -%}
    {%- set number -%}
        coalesce(
            toInt64OrNull({{ text }}),
            toInt64OrNull(extract({{ text }}, '^(-?[0-9]+)[.]0*$'))
        )
    {%- endset -%}
    {%- if least is none -%}
        {{ number }}
    {%- else -%}
        if({{ number }} >= {{ least }}, {{ number }}, null)
    {%- endif -%}
{%- endmacro %}
