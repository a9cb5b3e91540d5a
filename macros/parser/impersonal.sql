{#-
    A key; NULL where it is '' or a part of it names somebody. A key is not masked: half of one would be
    the key of another course. What a part may have is little (see key_part), so no more than this is
    looked for: an address spelled out, the name of a link, a telephone number of 9 to 15 digits in three
    groups or more. One run of digits is a number of a course, and what begins with a year is a run of
    one: 2024-2025-1.
-#}
{% macro impersonal(key) -%}
    {%- set sign -%} [-_+]{1,2} {%- endset -%}
    {%- set address -%}
        {{ sign }}(?i:at){{ sign }}[\\pL\\pN_.~-]*(?:{{ sign }}(?i:dot){{ sign }}|[.]{{ top_level_domain() }})
    {%- endset -%}
    {%- set link -%} [@/](?i:mailto|tel|sms|smsto|sips?|xmpp|skype|callto|acct): {%- endset -%}
    {%- set begin -%} (?:^|[+:@/~]) {%- endset -%}
    {%- set year -%} {{ begin }}[a-zA-Z]?(?:19|20)[0-9]{2}[.~-][0-9.~-]* {%- endset -%}
    {%- set said -%} _?(?:(?i:tel|phone|mobile|mob|fax|ph|[tmfp])[.]?)? {%- endset -%}
    {%- set groups -%} \\p{Nd}+(?:[.~-]{1,3}\\p{Nd}+){2,} {%- endset -%}
    {#- Few keys have groups of digits; '' where what begins with a year was found in their place. -#}
    {%- set numbers -%}
        extractAll({{ key }}, '{{ year }}|{{ begin }}{{ said }}({{ groups }})(?:\\b|_)')
    {%- endset -%}
    if(
        match({{ key }}, '^$|{{ address }}|{{ link }}')
        or arrayExists(number -> match(number, '^(?:\\p{Nd}[.~-]*){9,15}$'), {{ numbers }}),
        null,
        {{ key }}
    )
{%- endmacro %}
