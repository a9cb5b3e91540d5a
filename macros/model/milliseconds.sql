{#-
    Seconds as sent, as whole milliseconds: below 0 is 0, above 100 hours, where no video is, 100
    hours. NULL stays NULL (`least` and `greatest` would pass over it).
-#}
{% macro milliseconds(seconds) -%}
    toInt64(round(
        multiIf({{ seconds }} < 0, 0, {{ seconds }} > 360000, 360000, {{ seconds }}) * 1000
    ))
{%- endmacro %}
