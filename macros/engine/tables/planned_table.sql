{#-
    Materialization of a relation that rebuilds whole courses: see course_relation, which configures
    it. It sends nothing where nothing of the relation is planned and its text is the one that was
    seen last.
-#}
{% materialization planned_table, default %}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {%- set building = oars.what_to_build(sql, existing) -%}
    {%- if building.partitions or building.is_whole -%}
        {%- do oars.build_relation(sql, existing, building) -%}
    {%- else -%}
        {%- call noop_statement('main', 'no news') -%}{%- endcall -%}
    {%- endif -%}
    {%- set built = this.incorporate(type='table') -%}
    {%- do apply_grants(built, config.get('grants'), should_revoke=true) -%}
    {%- do persist_docs(built, model) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [built]}) }}
{% endmaterialization %}
