{#- xAPI's mbox_sha1sum of an e-mail address with or without `mailto:`. -#}
{% macro mailto_sha1(address) -%}
    lower(hex(SHA1(concat('mailto:', replaceRegexpOne(assumeNotNull({{ address }}), '^(?i)mailto:', '')))))
{%- endmacro %}
