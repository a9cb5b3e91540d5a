{#-
    An object's id without a person's address: of a mailto: or tel: link the scheme only, and an
    e-mail address that stands as a value or as a part of the path is masked. A usage key, which has an
    @ itself, and the user part of a URL are left alone.
-#}
{% macro without_address(object_id) -%}
    {%- set address = '[^=&?#/:@]+' ~ at_sign() ~ '[A-Za-z0-9.-]+[.][A-Za-z]{2,}' -%}
    nullIf(replaceRegexpOne(
        replaceRegexpAll({{ object_id }}, '(=|[^/]/){{ address }}', '\\1***'),
        '(?i)^\\s*(mailto:|tel:)(?s).*',
        '\\1'
    ), '')
{%- endmacro %}
