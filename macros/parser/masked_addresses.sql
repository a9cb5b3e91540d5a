{#- Text with whatever looks like an e-mail address replaced. -#}
{% macro masked_addresses(text) -%}
    replaceRegexpAll(
        {{ text }},
        '[^\\s"<>()\\[\\]{},;:]+(?:@|%40|\\\\u0040)[^\\s"<>()\\[\\]{},;:@]+[.][A-Za-z]{2,}',
        '<address>'
    )
{%- endmacro %}
