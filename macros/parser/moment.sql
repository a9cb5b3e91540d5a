{#-
    Text as a time, UTC; NULL unless it begins with a date as YYYY-MM-DD: of a part of one, as 10:00 or
    Mar, the engine makes a time of the year in which it runs. It takes a leap second, 23:59:60, and
    24:00 for the first moment of what follows, but wants T and Z in upper case.
-#}
{% macro moment(text) -%}
    if(
        match({{ text }}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(upper({{ text }}), 6, 'UTC'),
        null
    )
{%- endmacro %}
