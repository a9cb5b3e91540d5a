{#-
    What a model reads, views and ephemeral models looked through:

    roots      names in the ledger of what no model of the incremental method makes: 'base' and
               'base/<family>' (or 'base/*'), tables of the LMS, contents, the 'day' of "now"
    contents   of these the tables that have one version, made of their rows: name -> relation
    models     unique_ids of the relations that the incremental method makes
    views      keys of the views between
-#}
{% macro inputs_of(unique_id) %}
    {%- set known = oars.state().inputs -%}
    {%- if unique_id not in known -%}
        {%- set node = graph.nodes[unique_id] -%}
        {%- set found = {'roots': [], 'contents': {}, 'models': [], 'views': []} -%}
        {%- for input in node.depends_on.nodes -%}
            {%- if input in graph.sources -%}
                {%- do oars.add_source(found, graph.sources[input]) -%}
            {%- else -%}
                {%- do oars.add_model(found, graph.nodes[input]) -%}
            {%- endif -%}
        {%- endfor -%}
        {#- What reads one family, as a view of it does, has news when that family has. -#}
        {%- if node.config.meta.get('event_family') -%}
            {%- for root in found.roots | list if root.startswith('base/') -%}
                {%- do found.roots.remove(root) -%}
            {%- endfor -%}
            {%- do found.roots.append('base/' ~ node.config.meta.event_family) -%}
        {%- endif -%}
        {%- do found.roots.append('day') if node.config.meta.get('moves_with_day') -%}
        {%- do known.update({unique_id: {
            'roots': found.roots | unique | sort,
            'contents': found.contents,
            'models': found.models | unique | sort,
            'views': found.views | unique | sort,
        }}) -%}
    {%- endif -%}
    {{ return(known[unique_id]) }}
{% endmacro %}


{#- Adds a source: a table of the LMS is a root, one of another source a root by its rows. -#}
{% macro add_source(found, source) %}
    {%- set name = oars.source_name(source) -%}
    {%- if source.package_name == 'oars' and source.source_name == 'event_sink' -%}
        {%- do found.roots.append(name) -%}
    {%- elif source.package_name != 'oars' or source.source_name != 'xapi' -%}
        {%- set relation = adapter.get_relation(none, source.schema, source.identifier) -%}
        {%- if relation is not none -%}
            {%- do found.roots.append(name) -%}
            {%- do found.contents.update({name: relation}) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{#- Adds a model or seed: views and ephemeral models give what they read. -#}
{% macro add_model(found, node) %}
    {%- set relation = api.Relation.create(schema=node.schema, identifier=node.alias) -%}
    {%- if node.unique_id == oars.base_id() -%}
        {%- do found.roots.extend(['base', 'base/*']) -%}
    {%- elif node.config.meta.get('scope') -%}
        {%- do found.models.append(node.unique_id) -%}
    {%- elif node.config.materialized in ('view', 'steady_view', 'ephemeral') -%}
        {%- do found.views.append(oars.key_of(relation)) if node.config.materialized != 'ephemeral' -%}
        {%- set deeper = oars.inputs_of(node.unique_id) -%}
        {%- do found.contents.update(deeper.contents) -%}
        {%- for kind in ('roots', 'models', 'views') -%}
            {%- do found[kind].extend(deeper[kind]) -%}
        {%- endfor -%}
    {%- else -%}
        {%- set name = ('seed.' if node.resource_type == 'seed' else 'table.') ~ node.name -%}
        {%- do found.roots.append(name) -%}
        {%- do found.contents.update({name: relation}) -%}
    {%- endif -%}
{% endmacro %}


{#- The model of base. -#}
{% macro base_id() -%}
    {{ return('model.oars.base_xapi__statements') }}
{%- endmacro %}


{#- The models that the incremental method makes, of whatever package. -#}
{% macro planned_models() %}
    {{ return(graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        | selectattr('config.meta.scope', 'defined') | list) }}
{% endmacro %}


{#- Roots of a model and of all that it reads. Beside all families of base none is named. -#}
{% macro all_roots_of(unique_id) %}
    {%- set inputs = oars.inputs_of(unique_id) -%}
    {%- if 'all_roots' not in inputs -%}
        {%- set found = inputs.roots | list -%}
        {%- for model in inputs.models -%}
            {%- do found.extend(oars.all_roots_of(model)) -%}
        {%- endfor -%}
        {%- set roots = [] -%}
        {%- for root in found | unique | sort
            if root == 'base/*' or 'base/*' not in found or not root.startswith('base/') -%}
            {%- do roots.append(root) -%}
        {%- endfor -%}
        {%- do inputs.update({'all_roots': roots}) -%}
    {%- endif -%}
    {{ return(inputs.all_roots) }}
{% endmacro %}


{#-
    Of the roots of a model those that a relation across courses lies between: what is new there in one
    course may change any.
-#}
{% macro roots_across_courses(unique_id) %}
    {%- set inputs = oars.inputs_of(unique_id) -%}
    {%- if 'across' not in inputs -%}
        {%- set roots = [] -%}
        {%- for model in inputs.models -%}
            {%- do roots.extend(
                oars.all_roots_of(model) if graph.nodes[model].config.meta.scope == 'instance'
                else oars.roots_across_courses(model)
            ) -%}
        {%- endfor -%}
        {%- do inputs.update({'across': roots | unique | sort}) -%}
    {%- endif -%}
    {{ return(inputs.across) }}
{% endmacro %}


{#- unique_ids of the relations that a model rests on, near and far. -#}
{% macro ancestors_of(unique_id) %}
    {%- set inputs = oars.inputs_of(unique_id) -%}
    {%- if 'ancestors' not in inputs -%}
        {%- set found = inputs.models | list -%}
        {%- for model in inputs.models -%}
            {%- do found.extend(oars.ancestors_of(model)) -%}
        {%- endfor -%}
        {%- do inputs.update({'ancestors': found | unique | sort}) -%}
    {%- endif -%}
    {{ return(inputs.ancestors) }}
{% endmacro %}
