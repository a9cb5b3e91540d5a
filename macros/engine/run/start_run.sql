{#-
    What every run does first: see that it can run at all and is the only one, bring the bookkeeping
    tables up to date, learn what there is, clear what killed runs left, note what has changed
    besides statements, and plan what does not wait for base. It writes nothing but its row of the
    log where there is nothing to do.
-#}
{% macro start_run() %}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'test') -%}
        {%- do oars.note_vars() -%}
        {%- do oars.check_vars() -%}
        {%- do oars.check_names() -%}
        {%- do oars.check_engine() -%}
        {%- do oars.check_sources() -%}
        {%- do oars.create_ops_tables() -%}
        {#- A run that reads a list while it is loaded would find nobody in it. -#}
        {%- do oars.refuse_beside_another_run() if flags.WHICH == 'seed' -%}
        {%- if flags.WHICH in ('run', 'build') -%}
            {%- do oars.check_seeds() -%}
            {%- do oars.begin_state() -%}
            {%- do oars.check_base() -%}
            {%- do oars.refuse_beside_another_run() -%}
            {%- do oars.log_start() -%}
            {%- do oars.drop_leftovers() -%}
            {%- do oars.clear_scratch() -%}
            {%- do oars.record_tables() -%}
            {%- do oars.plan_relations(oars.relations_to_plan(base_is_done=false)) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
