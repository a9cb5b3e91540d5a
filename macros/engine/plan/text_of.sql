{#-
    Digest of all that decides what the model that is being built selects: its compiled SQL and
    settings, the texts of the views between, and the columns of what it reads, for `select *`. What
    differs from run to run is left out.
-#}
{% macro text_of_model(sql) %}
    {%- set state = oars.state() -%}
    {%- set inputs = oars.inputs_of(model.unique_id) -%}
    {%- set parts = [
        sql | replace(invocation_id, '') | replace(state.moment, ''),
        tojson(model.config.get('query_settings', {}), sort_keys=true),
    ] -%}
    {%- do oars.load_views_made_by_dbt(inputs.views) -%}
    {%- for view in inputs.views -%}
        {%- do parts.append(state.views.get(view, '')) -%}
    {%- endfor -%}
    {%- for input in model.depends_on.nodes -%}
        {%- set node = graph.sources.get(input) or graph.nodes[input] -%}
        {%- set key = node.schema ~ '.' ~ (node.identifier or node.alias) -%}
        {%- do parts.append(tojson(state.columns.get(key, []))) -%}
    {%- endfor -%}
    {{ return(local_md5(parts | join('\n'))) }}
{% endmacro %}


{#- dbt makes a plain view anew in each run: its text has to be looked at again. -#}
{% macro load_views_made_by_dbt(keys) %}
    {%- set made = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.config.materialized == 'view'
        and node.schema ~ '.' ~ node.alias in keys -%}
        {%- do made.append(node.schema ~ '.' ~ node.alias) -%}
    {%- endfor -%}
    {%- do oars.load_views("concat(database, '.', name) in " ~ oars.text_array(made)) if made -%}
{% endmacro %}


{#- Digest of how the table of the model that is being built is laid out. -#}
{% macro layout_of_model() %}
    {{ return(local_md5(tojson([
        config.get('engine'), config.get('order_by'), oars.partition_of_model(), target.cluster or '',
    ]))) }}
{% endmacro %}


{#- Partition key of the model that is being built. -#}
{% macro partition_of_model() -%}
    {{ return(config.get('partition_by') or (
        'tuple()' if model.config.meta.scope == 'instance' else oars.course_bucket() | trim
    )) }}
{%- endmacro %}
