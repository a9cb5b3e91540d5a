{#- Whether a text has what begins anything that is masked. -#}
{% macro may_identify(text) -%}
    {%- set sign -%} [@＠﹫=]|%(?:25)*(?:40|EF|2[bB]|u00)|\\\\[ux]|&(?:amp;)*(?:#|commat|quot|apos|plus) {%- endset -%}
    {%- set blank = encoded_blank() -%}
    {%- set word -%} (?i:(?:\\b|_|{{ blank }})at(?:\\b|_)|["\']\\s*:|(?:{{ secret_word() }}|cookie)\\s*:) {%- endset -%}
    {%- set link -%} (?i:{{ link_scheme() }})(?::|%3A)|{{ slash_u() }} {%- endset -%}
    {%- set digits -%} [0-9](?:[ \\t.()/-]|[^\\x00-\\x7F]|{{ blank }}){1,3}[0-9]|[+＋][(]?[0-9]|[{{ other_digits() }}] {%- endset -%}
    assumeNotNull(match({{ text }}, '{{ sign }}|{{ word }}|{{ link }}|{{ digits }}'))
{%- endmacro %}
