{#- Host of a URL, with or without its scheme, in lower case, without port and user part. -#}
{% macro host_of(url) -%}
    lower(extract(
        coalesce({{ url }}, ''),
        '^(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://)?(?:[^/?#]*@)?(\\[[^/?#]*\\]|[^/?#:]*)'
    ))
{%- endmacro %}
