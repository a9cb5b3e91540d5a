{#- Regular expression of what is before the name in the link of a profile, however it is encoded. -#}
{% macro slash_u() -%}
    (?:\\\\{0,4}/|%(?:25)*2[fF])[uU](?:\\\\{0,4}/|%(?:25)*2[fF])
{%- endmacro %}
