{#-
    The statement's result as text, '' where it says nothing. A result that is a text itself, as
    nobody should send it, keeps its quotes: what is in it is not read.
-#}
{% macro result_text() -%}
    {%- set may_be_a_text -%}
        position(mended_body, '"{') > 0 or position(mended_body, '"\\u007') > 0
    {%- endset -%}
    if(
        statement.result in ('{}', 'null'),
        '',
        if({{ may_be_a_text }}, JSONExtractRaw(mended_body, 'result'), coalesce(statement.result, ''))
    )
{%- endmacro %}
