{#-
    The pseudonym of an actor: the account name; else the SHA-1 of the mailto IRI, given or
    computed as xAPI's mbox_sha1sum is; else the openid. NULL without any. What looks like an
    e-mail address is never kept.
-#}
{% macro actor_pseudonym(actor) -%}
    {%- set name = actor ~ '.account.name' -%}
    {%- set mbox = actor ~ '.mbox' -%}
    {%- set openid = actor ~ '.openid' -%}
    coalesce(
        if(position({{ name }}, '@') > 0, {{ mailto_sha1(name) }}, nullIf({{ name }}, '')),
        if(notEmpty({{ mbox }}), {{ mailto_sha1(mbox) }}, null),
        lower(nullIf({{ actor }}.mbox_sha1sum, '')),
        if(position({{ openid }}, '@') > 0, {{ mailto_sha1(openid) }}, nullIf({{ openid }}, ''))
    )
{%- endmacro %}
