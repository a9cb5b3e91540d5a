{#-
    A key; '' where a part of it names somebody. A key is not masked: half of one would be
    the key of another course. What a part may have is little (see key_part), so no more than this is
    looked for: an address spelled out, the name of a link, a telephone number of 9 digits or more in
    three groups or more. One run of digits is a number of a course, and a year is no group of a number:
    2024-2025-1.
-#}
{% macro impersonal(key) -%}
    {%- set sign -%} [-_+]{1,2} {%- endset -%}
    {%- set at -%} {{ sign }}(?i:at){{ sign }} {%- endset -%}
    {%- set address -%}
        {{ at }}[^@:/]*(?:{{ sign }}(?i:dot){{ sign }}|[.]{{ top_level_domain() }})
    {%- endset -%}
    {%- set link -%} [@/](?i:mailto|tel|sms|smsto|sips?|xmpp|skype|callto|acct): {%- endset -%}
    {%- set between -%} [.~-]{1,3} {%- endset -%}
    {%- set undated -%}
        replaceRegexpAll({{ key }}, '\\b[a-zA-Z]?(?:19|20)[0-9]{2}\\b', 'year')
    {%- endset -%}
    {%- set digit -%} [0-9{{ other_digits() }}] {%- endset -%}
    {%- set begin -%} (?:^|[+:@/~])_?(?:(?i:tel|phone|mobile|mob|fax|ph|[tmfp])[.]?)? {%- endset -%}
    if(
        match({{ key }}, '{{ at }}|{{ link }}') and match({{ key }}, '{{ address }}|{{ link }}')
        or match({{ undated }}, '{{ begin }}{{ digit }}+(?:{{ between }}{{ digit }}+){2}')
        and match({{ undated }}, '{{ begin }}{{ digit }}(?:[.~-]{0,3}{{ digit }}){8}'),
        '',
        {{ key }}
    )
{%- endmacro %}
