{#-
    The pseudonym of an actor, of the first identifier that there is: account, mbox, mbox_sha1sum,
    openid. A UUID or 32 hexadecimal digits, a pseudonym already, is the account's name itself. A name
    that holds an address is as the address; any other is hashed with the home page, for two systems
    may both have a learner 3. NULL of a group, which is no learner, and of nobody. A name or an
    address is never kept. `actor_name` is the first of the three that there is, '' if none.
-#}
{% macro actor_pseudonym() -%}
    {%- set digit = '[0-9a-fA-F]' -%}
    {%- set decoded = "replaceRegexpAll(decodeURLComponent(actor_name), '[＠﹫]', '@')" -%}
    multiIf(
        actor.objectType = 'Group', null,
        match(
            actor.account.name,
            '^(?:{{ digit }}{8}(?:-{{ digit }}{4}){3}-{{ digit }}{12}|{{ digit }}{32})$'
        ),
        lower(actor.account.name),
        actor_name = '' and notEmpty(actor.openid), lower(hex(SHA1(assumeNotNull(actor.openid)))),
        actor_name = '', null,
        actor_name = actor.mbox or position({{ decoded }}, '@') > 0, {{ address_sha1(decoded) }},
        actor_name = actor.mbox_sha1sum and match(actor_name, '^{{ digit }}{40}$'),
        lower(actor_name),
        lower(hex(SHA1(concat({{ home_page('actor.account.homePage') }}, '|', actor_name))))
    )
{%- endmacro %}
