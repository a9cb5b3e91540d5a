{#-
    Target of a link, however its address is written: of a web address scheme, host and path; of any
    other its scheme with the colon; '' without a scheme. An address is read as a browser reads it:
    decoded, without blanks before it, back slashes as slashes, any number of them before the host.
-#}
{% macro target_of_url(url) -%}
    {%- set address -%}
        replaceAll(replaceRegexpAll(
            decodeURLComponent(coalesce({{ url }}, '')), '^[\\x00-\\x20\\x{A0}]+|[\\t\\n\\r]', ''
        ), '\\', '/')
    {%- endset -%}
    {%- set scheme = "lower(extract(" ~ address ~ ", '^[A-Za-z][A-Za-z0-9+.-]*:'))" -%}
    {%- set authority = "extract(" ~ address ~ ", '^[A-Za-z]+:/*([^/?#]*)')" -%}
    {#- Without user part; with what is in brackets of an IPv6 address; up to port or parameters. -#}
    {%- set host -%}
        lower(extract(replaceRegexpOne({{ authority }}, '^.*@', ''), '^(?:\\[[^\\]]*\\]|[^:;]*)'))
    {%- endset -%}
    {%- set path = "extract(" ~ address ~ ", '^[A-Za-z]+:/*[^/?#]+(/[^?#;]*)')" -%}
    multiIf(
        {{ scheme }} not in ('http:', 'https:'), {{ scheme }},
        empty({{ host }}), '',
        concat({{ scheme }}, '//', {{ host }}, {{ path }})
    )
{%- endmacro %}
