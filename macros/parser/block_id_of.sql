{#-
    Usage key in a URL or bare, percent-decoded: block-v1:, ccx-block-v1:, lib-block-v1:, lb: and
    i4x:// keys; NULL if there is none. A tail such as /answer or /hint/0 is left out. What follows
    the last /xblock/, or a bare key, comes before one anywhere else.
-#}
{% macro block_id_of(url) -%}
    {%- set decoded = "decodeURLComponent(coalesce(" ~ url ~ ", ''))" -%}
    {%- set key = '(?:ccx-|lib-)?block-v1:' ~ key_pattern() ~ '|i4x://[^/?#@]+/[^/?#@]+/[^/?#@]+/[^/?#&@]+|lb:[^/?#&@]+' -%}
    coalesce(
        nullIf(extract(replaceRegexpOne({{ decoded }}, '^\\C*/xblock/', ''), '^({{ key }})(?:[/?#&]|$)'), ''),
        nullIf(extract({{ decoded }}, '[/=]({{ key }})(?:[/?#&]|$)'), '')
    )
{%- endmacro %}
