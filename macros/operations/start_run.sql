{#-
    What every run does first: see that it can run at all and is the only one, make the bookkeeping
    tables where they are missing, note what the LMS has published, clear what killed runs left.
-#}
{% macro start_run() %}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'test') -%}
        {%- do check_engine() -%}
        {%- do check_sources() -%}
        {%- do create_ops_tables() -%}
        {%- if flags.WHICH in ('run', 'build') -%}
            {%- do check_seeds() -%}
            {%- do take_lease() -%}
            {%- do log_start() -%}
            {%- do drop_leftovers() -%}
            {%- if not var('pii_enabled') -%}
                {%- do drop_pii() -%}
            {%- endif -%}
            {%- do record_sources() -%}
            {%- do renew_lease() -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
