{#-
    The families whose statements a learner's own act causes: only they make a learner active. Of those
    that another project adds, the var extra_xapi_families says it.
-#}
{% macro activity_families() -%}
    {%- set added = var('extra_xapi_families', []) | selectattr('is_activity') -%}
    ('navigation', 'video', 'problem', 'completion', 'forum', 'exam'
    {%- for line in added %}, '{{ line.family }}'{% endfor %})
{%- endmacro %}
