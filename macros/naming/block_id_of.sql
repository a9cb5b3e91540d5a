{#-
    Usage key in a URL or bare, percent-decoded: block-v1:, ccx-block-v1:, lib-block-v1:, lb: and
    i4x:// keys; NULL if there is none. A tail such as /answer or /hint/0 is left out.
-#}
{% macro block_id_of(url) -%}
    nullIf(extract(
        decodeURLComponent(coalesce({{ url }}, '')),
        '((?:ccx-|lib-)?block-v1:[^/?#]+|i4x://[^/?#]+/[^/?#]+/[^/?#]+/[^/?#]+|\\blb:[^/?#]+)'
    ), '')
{%- endmacro %}
