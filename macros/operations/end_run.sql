{#- What every run does last, failed or not: say in the log how it went, and give the lease back. -#}
{% macro end_run(results) %}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- do log_end(results) -%}
        {%- do write_lease('now64(6)') -%}
    {%- endif -%}
{% endmacro %}
