{#-
    The texts of a response that is a list: a JSON list inside of a text, or Python's notation, as
    the LMS sent it until 2023. Empty where the response is no list of texts.
-#}
{% macro response_choices(response) -%}
    {%- set text = "coalesce(" ~ response ~ ", '')" -%}
    {%- set python_text -%}
        (?:\'(?:[^\'\\\\]|\\\\.)*\'|"(?:[^"\\\\]|\\\\.)*")
    {%- endset -%}
    multiIf(
        not startsWith({{ text }}, '["') and not startsWith({{ text }}, '[\''), [],
        startsWith({{ text }}, '["') and isValidJSON({{ text }}),
        JSONExtract({{ text }}, 'Array(String)'),
        match({{ text }}, '^\\[{{ python_text }}(?:, {{ python_text }})*\\]$'),
        arrayMap(
            choice -> replaceRegexpAll(
                substring(choice, 2, length(choice) - 2), '\\\\([\\\\\'"])', '\\1'
            ),
            extractAll({{ text }}, '{{ python_text }}')
        ),
        []
    )
{%- endmacro %}
