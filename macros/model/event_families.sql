{#- The families of readable statements, those that are not recognised included: words, to be split. -#}
{% macro event_families() -%}
    enrollment navigation video problem grading completion forum exam other unclassified
{%- endmacro %}
