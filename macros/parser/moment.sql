{#-
    Text as a time, UTC; NULL unless it is one. The engine takes a leap second, 23:59:60, and 24:00 for
    the first moment of what follows, but wants T and Z in upper case.
-#}
{% macro moment(text) -%}
    parseDateTime64BestEffortOrNull(upper({{ text }}), 6, 'UTC')
{%- endmacro %}
