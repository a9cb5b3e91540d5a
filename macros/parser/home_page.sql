{#- The home page of an account without scheme, port and trailing slash, in lower case; '' if absent. -#}
{% macro home_page(url) -%}
    replaceRegexpOne(
        replaceRegexpOne(lower(coalesce({{ url }}, '')), '/+$', ''),
        '^(?:[a-z][a-z0-9+.-]*://)?([^/?#]*?)(?::[0-9]*)?([/?#](?s).*)?$',
        '\\1\\2'
    )
{%- endmacro %}
