{#-
    Seconds of an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as PT03M15S or
    PT1,5S; NULL of anything else: years and months have no fixed length.
-#}
{% macro iso_duration(text) -%}
    {%- set number = '[0-9]+(?:[.,][0-9]+)?' -%}
    {%- set n = '(?:' ~ number -%}
    {%- set units = {'W': 604800, 'D': 86400, 'H': 3600, 'M': 60, 'S': 1} -%}
    {%- set seconds -%}
        {%- for unit, seconds in units.items() -%}
        toFloat64OrZero(replaceOne(extract({{ text }}, '({{ number }}){{ unit }}'), ',', '.')) * {{ seconds }}
        {{- ' + ' if not loop.last }}
        {%- endfor -%}
    {%- endset -%}
    if(
        match({{ text }}, '^P{{ n }}W)?{{ n }}D)?(?:T{{ n }}H)?{{ n }}M)?{{ n }}S)?)?$')
        and not match({{ text }}, '[PT]$')
        and isFinite({{ seconds }}),
        {{ seconds }},
        null
    )
{%- endmacro %}
