{#-
    A key, decoded; '' where a part of it names somebody. A key is not masked: half of one would be the
    key of another course. What a part may have is little (see key_part), so no more than this is looked
    for: an address spelled out or encoded, the name of a link or a secret, a telephone number of 9 digits
    or more in three groups or more. One run of digits is a number of a course, and neither a year
    (2024-2025-1) nor a UUID is a part of a number.
-#}
{% macro impersonal(key) -%}
    {%- set blank -%} %(?:25)*20 {%- endset -%}
    {%- set sign -%} (?:[-_+]|{{ blank }}){1,2} {%- endset -%}
    {%- set at -%} {{ sign }}(?i:at){{ sign }} {%- endset -%}
    {%- set address -%}
        {{ at }}[^@:/]*(?:{{ sign }}(?i:dot){{ sign }}|[.]{{ top_level_domain() }})
    {%- endset -%}
    {%- set called -%}
        \\b(?i:mailto|tel|sms|smsto|sips?|xmpp|skype|callto|acct|[a-z_-]*(?:token|passw(?:or)?d|secret|api[_-]?key|cookie)):
    {%- endset -%}
    {#- An @ or a + that was encoded twice. -#}
    {%- set encoded -%} %(?:25)*(?i:40|ef|2b) {%- endset -%}
    {%- set between -%} (?:[.~-]|{{ blank }}){1,3} {%- endset -%}
    {%- set uuid -%} [0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12} {%- endset -%}
    {%- set plain -%}
        replaceRegexpAll({{ key }}, '\\b(?:[a-zA-Z]?(?:19|20)[0-9]{2}|{{ uuid }})\\b', 'word')
    {%- endset -%}
    {%- set digit -%} [0-9{{ other_digits() }}] {%- endset -%}
    {%- set begin -%} (?:^|[+:@/~])_?(?:(?i:tel|phone|mobile|mob|fax|ph|[tmfp])[.]?)? {%- endset -%}
    {%- set end -%} (?:\\b|_) {%- endset -%}
    if(
        match({{ key }}, '{{ at }}|{{ called }}|{{ encoded }}')
        and match({{ key }}, '{{ address }}|{{ called }}|{{ encoded }}')
        or match({{ plain }}, '{{ begin }}{{ digit }}+(?:{{ between }}{{ digit }}+){2,}{{ end }}')
        and match({{ plain }}, '{{ begin }}{{ digit }}(?:(?:{{ between }})?{{ digit }}){8,}{{ end }}'),
        '',
        {{ key }}
    )
{%- endmacro %}
