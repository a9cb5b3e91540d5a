{#-
    Text with *** for whatever looks like an e-mail address: plain, percent- or entity-encoded, with
    characters that look like an @ or a dot.
-#}
{% macro masked_addresses(text) -%}
    {%- set part = '[^\\s"<>()\\[\\]{},;:/=&?#@]+' -%}
    {%- set dot = '(?:[.．。]|%(?:25)*2[eE]|&#0*46;|&#[xX]0*2[eE];|&period;)' -%}
    replaceRegexpAll({{ text }}, '{{ part }}{{ at_sign() }}(?:{{ part }}{{ dot }})+(?:[A-Za-z]|[^\\x00-\\x7F]){2,}', '***')
{%- endmacro %}
