{#-
    Usage key in a URL or bare, percent-decoded: block-v1:, ccx-block-v1:, lib-block-v1:, lb: and
    i4x:// keys; NULL if there is none. A tail such as /answer or /hint/0 is left out. What follows
    the last /xblock/, or a bare key, comes before one anywhere else.
-#}
{% macro block_id_of(url) -%}
    {%- set decoded = "decodeURLComponent(coalesce(" ~ url ~ ", ''))" -%}
    {%- set key -%}
        (?:ccx-|lib-)?block-v1:{{ key_pattern() }}
        {{- '|' }}i4x://(?:{{ key_part() }}/){3}[\\pL\\pN_.~:-]+
        {{- '|' }}lb(?::{{ key_part() }}){4}
    {%- endset -%}
    {#- Not an &#64; or &commat; of an address. -#}
    {%- set end -%} (?:[/?#]|&[^#;]*(?:=|$)|$) {%- endset -%}
    coalesce(
        nullIf(extract(replaceRegexpOne({{ decoded }}, '^\\C*/xblock/', ''), '^({{ key }}){{ end }}'), ''),
        nullIf(extract({{ decoded }}, '[/=]({{ key }}){{ end }}'), '')
    )
{%- endmacro %}
