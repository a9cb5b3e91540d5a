{#- Text as seconds of a video; NULL unless it is a finite number, of up to 12 hours. -#}
{% macro video_seconds(text) -%}
    if(toFloat64OrNull({{ text }}) <= 43200, {{ number(text) }}, null)
{%- endmacro %}
