{#- Stops the run with one sentence on an engine that is too old, before anything is written. -#}
{% macro check_engine() %}
    {%- if not adapter.is_at_or_after_version('25.8') -%}
        {%- do exceptions.raise_compiler_error(
            'This is ClickHouse ' ~ run_query('select version()').rows[0][0]
            ~ ', and at least 25.8 is needed: upgrade the server.'
        ) -%}
    {%- endif -%}
{% endmacro %}


{#- Stops the run with one sentence where a raw table is missing; the operator's are optional. -#}
{% macro check_sources() %}
    {%- for source in graph.sources.values()
        if source.package_name == 'oars' and source.source_name != 'operator' -%}
        {%- if adapter.get_relation(none, source.schema, source.identifier) is none -%}
            {%- do exceptions.raise_compiler_error(
                'The raw table ' ~ source.schema ~ '.' ~ source.identifier
                ~ ' does not exist: run `oars init` to create what is missing.'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{#- Stops `dbt run` with one sentence where a seed was never loaded; `dbt build` loads them. -#}
{% macro check_seeds() %}
    {%- for seed in graph.nodes.values()
        if seed.resource_type == 'seed' and seed.package_name == 'oars' and flags.WHICH == 'run' -%}
        {%- if adapter.get_relation(none, seed.schema, seed.alias) is none -%}
            {%- do exceptions.raise_compiler_error(
                'The seed ' ~ seed.name ~ ' was never loaded: run `dbt seed` once, '
                ~ 'or `dbt build`, which does it.'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
