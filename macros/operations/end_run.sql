{#-
    What every run does last, failed or not: give the lease back and say in the log how it went, in
    this order, so that a log that cannot be written leaves no claim behind.
-#}
{% macro end_run(results) %}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- if target.type != 'chdb' -%}
            {%- do write_lease(never() if has_successor() else 'now64(6)') -%}
        {%- endif -%}
        {%- do log_end(results) -%}
    {%- endif -%}
{% endmacro %}
