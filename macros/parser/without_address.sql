{#-
    An object's id without a person's address: of a mailto: or tel: link the scheme only, and what
    looks like an address anywhere else is masked; in the URL of a usage key, which has an @ itself,
    only where it stands as a value.
-#}
{% macro without_address(object_id) -%}
    {%- set scheme = "extract(" ~ object_id ~ ", '^(?i)\\\\s*(mailto:|tel:)')" -%}
    {%- set address = '[^=&#/:@]+(?:@|%40)[A-Za-z0-9.-]+[.][A-Za-z]{2,}' -%}
    nullIf(multiIf(
        notEmpty({{ scheme }}), {{ scheme }},
        match({{ object_id }}, 'block-v1(?::|%3A)'),
        replaceRegexpAll({{ object_id }}, '=(?:{{ address }})', '=***'),
        {{ masked_addresses(object_id) }}
    ), '')
{%- endmacro %}
