{#-
    What a model reads, views and ephemeral models looked through: a mapping with the names of
    `relations` (those that have versions in the ledger: incremental relations of the project and
    source tables of the LMS), `seeds` (relations that are versioned by their content: seeds, tables
    of the operator's where they are there, and whatever else a site has) and `views` (relations).
-#}
{% macro direct_inputs(unique_id) %}
    {%- set found = {'relations': [], 'seeds': [], 'views': []} -%}
    {%- for input in graph.nodes[unique_id].depends_on.nodes -%}
        {%- if input in graph.sources
            and graph.sources[input].source_name not in ('xapi', 'event_sink') -%}
            {%- set source = graph.sources[input] -%}
            {%- set relation = adapter.get_relation(none, source.schema, source.identifier) -%}
            {%- do found.seeds.append(relation) if relation is not none -%}
        {%- elif input in graph.sources -%}
            {%- do found.relations.append(source_relation(graph.sources[input])) -%}
        {%- else -%}
            {%- set node = graph.nodes[input] -%}
            {%- set relation = api.Relation.create(schema=node.schema, identifier=node.alias) -%}
            {%- if node.config.materialized in ('view', 'ephemeral') -%}
                {%- do found.views.append(relation) if node.config.materialized == 'view' -%}
                {%- set deeper = direct_inputs(input) -%}
                {%- for kind in found -%}
                    {%- do found[kind].extend(deeper[kind]) -%}
                {%- endfor -%}
            {%- elif node.config.meta.get('scope') or node.name == 'base_xapi__statements' -%}
                {%- do found.relations.append(node.name) -%}
            {%- else -%}
                {%- do found.seeds.append(relation) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({
        'relations': found.relations | unique | sort,
        'seeds': found.seeds | unique | list,
        'views': found.views | unique | list,
    }) }}
{% endmacro %}
