{#-
    Seconds as sent, as whole milliseconds: below 0 is 0; over 12 hours, where no video is, is none.
    NULL stays NULL (`least` and `greatest` would pass over it).
-#}
{% macro milliseconds(seconds) -%}
    toInt64(round(
        multiIf({{ seconds }} < 0, 0, {{ seconds }} > 12 * 3600, null, {{ seconds }}) * 1000
    ))
{%- endmacro %}
