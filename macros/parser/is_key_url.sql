{#- Whether a text is a key that names nobody, or the URL of one, of its answer or a hint: no mask changes it. -#}
{% macro is_key_url(text) -%}
    {%- set ending -%} (?:/answer|/hint/[0-9]{1,3}|/jump_to/{{ kept_key() }})? {%- endset -%}
    assumeNotNull(
        match({{ text }}, '^(?:https?://[A-Za-z0-9.:-]+/(?:xblock|courses?)/)?{{ kept_key() }}{{ ending }}$')
        and {{ impersonal('decodeURLComponent(' ~ text ~ ')') }} != ''
    )
{%- endmacro %}
