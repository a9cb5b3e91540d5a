{#- Alternatives of a regular expression: schemes of links to a person. -#}
{% macro link_scheme() -%}
    mailto|tel|sms|smsto|sips?|xmpp|skype|callto|acct
{%- endmacro %}
