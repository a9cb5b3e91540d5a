{#-
    Usage key in a URL or bare, percent-decoded: block-v1:, ccx-block-v1:, lib-block-v1:, lb: and
    i4x:// keys; NULL if there is none. A tail such as /answer or /hint/0 is left out.
-#}
{% macro block_id_of(url) -%}
    {%- set decoded = "decodeURLComponent(coalesce(" ~ url ~ ", ''))" -%}
    {%- set key = '(?:ccx-|lib-)?block-v1:[^/?#&]+|i4x://[^/?#]+/[^/?#]+/[^/?#]+/[^/?#&]+|lb:[^/?#&]+' -%}
    {#- Nearly all keys follow /xblock/ or are bare; to look for one anywhere costs ten times more. -#}
    coalesce(
        nullIf(extract(splitByString('/xblock/', {{ decoded }})[-1], '^(?:{{ key }})'), ''),
        if(
            multiSearchAny({{ decoded }}, ['block-v1:', 'i4x://', 'lb:']),
            nullIf(extract({{ decoded }}, '[/=]({{ key }})'), ''),
            null
        )
    )
{%- endmacro %}
