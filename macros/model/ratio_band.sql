{#-
    The band of ten per cent that a ratio is in: 0-9, 10-19, ... 90-100; '' where there is none. In
    whole millionths, for 0.7 * 10 may be a little less than 7.
-#}
{% macro ratio_band(ratio) -%}
    {%- set lower -%}
        least(intDiv(toInt64(round({{ ratio }} * 1000000)), 100000), 9) * 10
    {%- endset -%}
    if(
        isNull({{ ratio }}),
        '',
        assumeNotNull(concat(
            toString({{ lower }}), '-', toString({{ lower }} + if({{ lower }} = 90, 10, 9))
        ))
    )
{%- endmacro %}
