{#- What every run does last, failed or not: say in the log how it went, and give the lease back. -#}
{% macro end_run(results) %}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- do log_end(results) -%}
        {%- if target.type != 'chdb' -%}
            {%- do write_lease(never() if has_successor() else 'now64(6)') -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
