{#-
    A key, decoded; '' where a part of it names somebody. A key is not masked: half of one would be the
    key of another course. What a part may have is little (see key_part), so no more than this is looked
    for: an address spelled out or encoded, and the name of a link or a secret. Numbers are not: a date,
    an ISBN or 01-02-03-04-05 cannot be told from a telephone's.
-#}
{% macro impersonal(key) -%}
    {%- set sign -%} (?:[-_+]|%(?:25)*20){1,2} {%- endset -%}
    {%- set at -%} {{ sign }}(?i:at){{ sign }} {%- endset -%}
    {%- set address -%}
        {{ at }}[^@:/+]*(?:{{ sign }}(?i:dot){{ sign }}|[.]{{ top_level_domain() }})
    {%- endset -%}
    {%- set called -%}
        \\b(?i:{{ link_scheme() }}|[a-z_-]*(?:{{ secret_word() }}|cookie)):
    {%- endset -%}
    {#- An @ or a + that was encoded twice. -#}
    {%- set encoded -%} %(?:25)*(?i:40|ef|2b|u) {%- endset -%}
    {#- The first match is cheap: the second is made for few keys. -#}
    if(
        match({{ key }}, '{{ at }}|{{ called }}|{{ encoded }}')
        and match({{ key }}, '{{ address }}|{{ called }}|{{ encoded }}'),
        '',
        {{ key }}
    )
{%- endmacro %}
