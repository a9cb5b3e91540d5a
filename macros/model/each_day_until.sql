{#-
    A row for a day that has something and for each day without anything after it, up to the next
    day that has something or, where `next_date` is NULL, up to "now". Of a gap of over 400 days no
    day has a row: a clock that was years behind costs its own day, and no calendar is filled from
    there.
-#}
{% macro each_day_until(date, next_date) -%}
    {%- set gap -%}
        greatest(dateDiff('day', {{ date }}, coalesce(
            {{ next_date }}, {{ oars.day_of(oars.now_at()) }} + 1
        )) - 1, 0)
    {%- endset -%}
    arrayJoin(arrayMap(day -> {{ date }} + day, range(toUInt32(if({{ gap }} > 400, 0, {{ gap }}) + 1))))
{%- endmacro %}
