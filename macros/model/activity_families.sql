{#- The families whose statements a learner's own act causes: only they make a learner active. -#}
{% macro activity_families() -%}
    ('navigation', 'video', 'problem', 'completion', 'forum', 'exam')
{%- endmacro %}
