{#-
    Materialization of base: appends the statements that it lacks, by month, and then plans what rests
    on it. A column that its contract has and the table has not is added; one that left the contract is
    left empty. See plan_months.
-#}
{% materialization statements_table, default %}
    {%- set base = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set raw = source('xapi', 'xapi_events_all') -%}
    {{ run_hooks(pre_hooks) }}
    {%- do oars.adapt_columns(sql, existing) -%}
    {%- do oars.plan_months(raw, base) -%}
    {%- set plan = oars.state().base -%}
    {%- if plan.filter -%}
        {%- do oars.mark_base() -%}
        {%- set listed = oars.contract_of(model) | join(', ') -%}
        {%- call statement('main') -%}
            insert into {{ base }} ({{ listed }}) {{ oars.mark() }}
            select {{ listed }}
            from (
                {{ sql }}
            )
            {{ adapter.get_model_query_settings(model) }},
                additional_table_filters = {
                    '{{ raw.schema }}.{{ raw.identifier }}': {{ oars.text_literal(plan.filter) }}
                }
        {%- endcall -%}
    {%- else -%}
        {%- call noop_statement('main', 'no news') -%}{%- endcall -%}
    {%- endif -%}
    {%- if plan.months -%}
        {#- Read before what they stand for is counted: what changes meanwhile is seen next. -#}
        {%- set signatures = {} -%}
        {%- for row in run_query(
            'select month, toString(signature) from (' ~ oars.months_of_base(base) ~ ')'
        ).rows -%}
            {%- do signatures.update({row[0]: row[1]}) -%}
        {%- endfor -%}
        {%- do oars.count_statements(base) -%}
    {%- endif -%}
    {%- do oars.record_base(base) -%}
    {%- do oars.remember_months(raw, base, signatures) if plan.months -%}
    {%- do oars.plan_relations(oars.relations_to_plan(base_is_done=true)) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [base]}) }}
{% endmaterialization %}


{#- Makes the table where it is missing, and adds the columns that a new text brings. -#}
{% macro adapt_columns(sql, existing) %}
    {%- set text = oars.text_of_model(sql) -%}
    {%- if existing is none -%}
        {%- do oars.claim() -%}
        {%- do run_query(oars.table_definition(this, oars.columns_of_model(sql))) -%}
        {%- do oars.learn_relation(this) -%}
    {%- elif oars.state().seen.get('text of ' ~ model.name) != text -%}
        {%- set present = dict(oars.state().columns[oars.key_of(this)]) -%}
        {%- set added = [] -%}
        {%- for name, data_type in oars.columns_of_model(sql) -%}
            {%- if name not in present -%}
                {%- do added.append('add column `' ~ name ~ '` ' ~ data_type) -%}
            {%- elif name.startswith('extra_') and present[name] != data_type -%}
                {%- do exceptions.raise_compiler_error(
                    'The column ' ~ name ~ ' of extra_xapi_columns is ' ~ present[name] ~ ' in base, and its '
                    ~ 'line says ' ~ data_type ~ ' now: give the line another column.'
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if added -%}
            {%- do oars.claim() -%}
            {%- do run_query('alter table ' ~ this ~ oars.on_cluster() ~ ' ' ~ added | join(', ')) -%}
            {%- do oars.learn_relation(this) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do oars.notice('text of ' ~ model.name, text)
        if oars.state().seen.get('text of ' ~ model.name) != text -%}
{% endmacro %}
