{#- Of a learner in several courses: the worst of the levels of risk in a column of these. -#}
{% macro worst_risk(column) -%}
    multiIf(
        countIf({{ column }} = 'high') > 0, 'high',
        countIf({{ column }} = 'watch') > 0, 'watch',
        'none'
    )
{%- endmacro %}
