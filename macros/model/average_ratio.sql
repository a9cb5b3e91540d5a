{#-
    Mean of ratios where a condition holds, NULL left out, to 6 places. They have six places
    themselves: summed as whole millionths, the mean does not depend on the order of rows.
-#}
{% macro average_ratio(ratio_column, condition='true') -%}
    {{ oars.ratio(
        'sumIf(toInt64(round(ifNull(' ~ ratio_column ~ ', 0) * 1000000)), ' ~ condition
        ~ ') / 1000000',
        'countIf(isNotNull(' ~ ratio_column ~ ') and ' ~ condition ~ ')'
    ) }}
{%- endmacro %}
