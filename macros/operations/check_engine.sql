{#- Stops the run with one sentence on an engine that is too old, before anything is written. -#}
{% macro check_engine() %}
    {%- if not adapter.is_at_or_after_version('25.8') -%}
        {%- do exceptions.raise_compiler_error(
            'This is ClickHouse ' ~ run_query('select version()').rows[0][0]
            ~ ', and at least 25.8 is needed: upgrade the server.'
        ) -%}
    {%- endif -%}
{% endmacro %}
