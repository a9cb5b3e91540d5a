{#-
    Materialization of a view that is made again only where its text, the columns of what it reads or
    the view in the database are not what they were. It is replaced atomically.
-#}
{% materialization steady_view, default %}
    {%- set view = this.incorporate(type='view') -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {%- set text = oars.text_of_model(sql) -%}
    {%- set made = oars.state().views.get(oars.key_of(this), '') -%}
    {%- if existing is not none
        and oars.state().seen.get('text of ' ~ model.name) == text ~ ' ' ~ made -%}
        {%- call noop_statement('main', 'same text') -%}{%- endcall -%}
    {%- else -%}
        {%- do oars.claim() -%}
        {%- call statement('main') -%}
            create or replace view {{ view }}{{ oars.on_cluster() }} as (
                {{ sql }}
            )
        {%- endcall -%}
        {%- do oars.learn_relation(this) -%}
        {%- do oars.notice('text of ' ~ model.name, text ~ ' ' ~ oars.state().views[oars.key_of(this)]) -%}
    {%- endif -%}
    {%- do apply_grants(view, config.get('grants'), should_revoke=true) -%}
    {%- do persist_docs(view, model) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [view]}) }}
{% endmaterialization %}
