{#-
    Seconds of an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as PT03M15S;
    NULL of anything else: years and months have no fixed length.
-#}
{% macro iso_duration(text) -%}
    {%- set number = '[0-9]+(?:[.][0-9]+)?' -%}
    {%- set days = '(?:' ~ number ~ '[WD])' -%}
    {%- set times = 'T(?:' ~ number ~ '[HMS])+' -%}
    {%- set units = {'W': 604800, 'D': 86400, 'H': 3600, 'M': 60, 'S': 1} -%}
    if(
        match({{ text }}, '^P(?:{{ days }}+|{{ days }}*{{ times }})$'),
        {%- for unit, seconds in units.items() %}
        toFloat64OrZero(extract({{ text }}, '({{ number }}){{ unit }}')) * {{ seconds }}
        {{- ' +' if not loop.last else ',' }}
        {%- endfor %}
        null
    )
{%- endmacro %}
