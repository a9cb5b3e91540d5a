{#- One row for each day from a first day to the day of "now". -#}
{% macro each_day_from(first_date) -%}
    arrayJoin(arrayMap(
        day -> {{ first_date }} + day,
        range(toUInt32(greatest(dateDiff('day', {{ first_date }}, {{ oars.day_of(oars.now_at()) }}) + 1, 0)))
    ))
{%- endmacro %}
