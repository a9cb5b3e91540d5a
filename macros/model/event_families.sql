{#-
    The families of readable statements that the marts of activity have a column of, those that are not
    recognised included: words, to be split.
-#}
{% macro event_families() -%}
    enrollment navigation video problem grading completion forum exam other unclassified
{%- endmacro %}
