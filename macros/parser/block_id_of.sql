{#-
    Usage key in a URL or bare, percent-decoded: block-v1:, ccx-block-v1:, lib-block-v1:, lb: and
    i4x:// keys; NULL if there is none, '' if what begins as one is none. A tail such as /answer or
    /hint/0 is left out. What follows the last /xblock/, or a bare key, comes before one anywhere else.
-#}
{% macro block_id_of(url) -%}
    {%- set decoded = "decodeURLComponent(coalesce(" ~ url ~ ", ''))" -%}
    {%- set prefix -%} (?:(?:ccx-|lib-)?block-v1:|i4x://|lb:) {%- endset -%}
    {%- set name = key_part(':%') -%}
    {%- set key -%}
        (?:ccx-|lib-)?block-v1:{{ key_pattern() }}[+]type@{{ key_part() }}[+]block@{{ name }}
        {{- '|' }}i4x://(?:{{ key_part('%') }}/){3}{{ name }}
        {{- '|' }}lb(?::{{ key_part() }}){4}
    {%- endset -%}
    {#- Not an &#64; or &commat; of an address, and not the // of a URL. -#}
    {%- set end -%} (?:/(?:[^/]|$)|[?#]|&[^#;]*(?:=|$)|$) {%- endset -%}
    coalesce(
        nullIf(extract(replaceRegexpOne({{ decoded }}, '^\\C*/xblock/', ''), '^({{ key }}){{ end }}'), ''),
        nullIf(extract({{ decoded }}, '[/=]({{ key }}){{ end }}'), ''),
        if(match({{ decoded }}, '(?:^|/xblock/){{ prefix }}'), '', null)
    )
{%- endmacro %}
