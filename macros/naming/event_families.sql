{#- The families of readable statements, those that are not recognised included. -#}
{% macro event_families() -%}
    {{ return([
        'enrollment', 'navigation', 'video', 'problem', 'grading', 'completion', 'forum', 'exam',
        'other', 'unclassified'
    ]) }}
{%- endmacro %}
