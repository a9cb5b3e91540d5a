{#- Stops the run with one sentence where a raw table is missing; the operator's are optional. -#}
{% macro check_sources() %}
    {%- for source in graph.sources.values()
        if source.package_name == 'oars' and source.source_name != 'operator' -%}
        {%- set relation = adapter.get_relation(none, source.schema, source.identifier) -%}
        {%- if relation is none -%}
            {%- do exceptions.raise_compiler_error(
                'The raw table ' ~ source.schema ~ '.' ~ source.identifier
                ~ ' does not exist: run `oars init` to create what is missing.'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
