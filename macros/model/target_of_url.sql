{#-
    Target of a link: the URL without query, fragment and user part; of a mailto: or tel: link the
    scheme; '' if nothing is left.
-#}
{% macro target_of_url(url) -%}
    {%- set path = "extract(coalesce(" ~ url ~ ", ''), '^[^?#]*')" -%}
    if(
        match({{ path }}, '(?i)^(?:mailto|tel):'),
        lower(extract({{ path }}, '^[^:]+:')),
        replaceRegexpOne({{ path }}, '^((?:[A-Za-z][A-Za-z0-9+.-]*:)?//)[^/]*@', '\\1')
    )
{%- endmacro %}
