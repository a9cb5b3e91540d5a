{#-
    Mean of ratios, NULL left out, to 6 places. They have six places themselves: summed as whole
    millionths, the mean does not depend on the order of rows. (Below a NULL there may be a nan.)
-#}
{% macro average_ratio(ratio_column, condition) -%}
    {{ ratio(
        'sumIf(toInt64(round(ifNull(' ~ ratio_column ~ ', 0) * 1000000)), ' ~ condition
        ~ ') / 1000000',
        'countIf(isNotNull(' ~ ratio_column ~ ') and ' ~ condition ~ ')'
    ) }}
{%- endmacro %}
