{#- Of a learner in several courses: the worst of the levels of risk in a column of these. -#}
{% macro worst_risk(column) -%}
    multiIf(
        {% for level in ['high', 'watch', 'gone', 'none'] %}
            countIf({{ column }} = '{{ level }}') > 0, '{{ level }}',
        {% endfor %}
        'not_judged'
    )
{%- endmacro %}
