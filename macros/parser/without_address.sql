{#-
    An object's id without a person's address: of a mailto: or tel: link the scheme only, and an
    e-mail address that stands as a value in a query is masked.
-#}
{% macro without_address(object_id) -%}
    {%- set address = '[^=&#/:@]+(?:@|%40)[A-Za-z0-9.-]+[.][A-Za-z]{2,}' -%}
    nullIf(replaceRegexpOne(
        replaceRegexpAll({{ object_id }}, '=(?:{{ address }})', '=<address>'),
        '(?i)^(mailto:|tel:).*',
        '\\1'
    ), '')
{%- endmacro %}
