{#-
    Whether a text has what begins anything that is masked; a URL of a course or a block, of its answer or
    a hint, has not. It looks at each different text of a LowCardinality column once.
-#}
{% macro may_identify(text) -%}
    {%- set sign -%} [@＠﹫=]|%(?:25)*(?:40|EF)|\\\\[ux]|&(?:amp;)*(?:#|commat) {%- endset -%}
    {%- set word -%} (?i:(?:\\b|_)at(?:\\b|_)|"\\s*:|(?:token|passw(?:or)?d|secret|api_?key|authorization)\\s*:) {%- endset -%}
    {%- set link -%} (?i:mailto|tel|sms|smsto|sips?|xmpp|skype|callto|acct)(?::|%3A)|/u/ {%- endset -%}
    {%- set digits -%} [0-9](?:[ .()-]|[^\\x00-\\x7F]){1,3}[0-9]|[+＋][(]?[0-9] {%- endset -%}
    {%- set ending -%} (?:/answer|/hint/[0-9]{1,3}|/jump_to/{{ kept_key() }})? {%- endset -%}
    {#- One without the other, and no `and`: what is evaluated only where it has to be is copied first. -#}
    assumeNotNull(
        match({{ text }}, '{{ sign }}|{{ word }}|{{ link }}|{{ digits }}')
        > match({{ text }}, '^(?:https?://[^\\s/?#@]+/(?:xblock|courses?)/)?{{ kept_key() }}{{ ending }}$')
    )
{%- endmacro %}
