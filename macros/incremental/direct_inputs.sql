{#-
    What a model reads, views looked through: a mapping with the names of `relations` (tables of the
    project and source tables, as in the ledger), `seeds` (relations; the operator's tables, where
    they are there, count as such, for they are small and have no dumps) and `views` (relations).
-#}
{% macro direct_inputs(unique_id) %}
    {%- set found = {'relations': [], 'seeds': [], 'views': []} -%}
    {%- for input in graph.nodes[unique_id].depends_on.nodes -%}
        {%- if input in graph.sources and graph.sources[input].source_name == 'operator' -%}
            {%- set source = graph.sources[input] -%}
            {%- set relation = adapter.get_relation(none, source.schema, source.identifier) -%}
            {%- do found.seeds.append(relation) if relation is not none -%}
        {%- elif input in graph.sources -%}
            {%- do found.relations.append(source_relation(graph.sources[input])) -%}
        {%- else -%}
            {%- set node = graph.nodes[input] -%}
            {%- set relation = api.Relation.create(schema=node.schema, identifier=node.alias) -%}
            {%- if node.resource_type == 'seed' -%}
                {%- do found.seeds.append(relation) -%}
            {%- elif node.config.materialized == 'view' -%}
                {%- do found.views.append(relation) -%}
                {%- set deeper = direct_inputs(input) -%}
                {%- for kind in found -%}
                    {%- do found[kind].extend(deeper[kind]) -%}
                {%- endfor -%}
            {%- else -%}
                {%- do found.relations.append(node.name) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({
        'relations': found.relations | unique | sort,
        'seeds': found.seeds | unique | list,
        'views': found.views | unique | list,
    }) }}
{% endmacro %}
