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
