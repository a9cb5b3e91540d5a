{#-
    Condition: the statement counts in the family's column of the marts of activity. Those of a family
    that a site adds by the var extra_xapi_families count as other.
-#}
{% macro is_family(family) -%}
    {%- set added = var('extra_xapi_families', []) | map(attribute='family') | list -%}
    {%- if family == 'other' and added -%}
        event_family in {{ oars.text_array(['other'] + added) }}
    {%- else -%}
        event_family = '{{ family }}'
    {%- endif -%}
{%- endmacro %}
