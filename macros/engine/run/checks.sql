{#- Stops the run with one sentence where a var cannot be what it is for. -#}
{% macro check_vars() %}
    {%- set forms = {
        'as_of': ('\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?)?',
            'a time in UTC like 2026-03-01 00:00:00, or null'),
        'site_starts_on': ('\d{4}-\d\d-\d\d', 'a day like 2012-01-01'),
        'course_buckets': ('[1-9]\d{0,2}', 'a whole number from 1 to 999'),
        'free_text_months': ('[1-9]\d{0,3}', 'a whole number of months, 1 or more'),
        'min_group_size': ('\d{1,6}', 'a whole number'),
        'keep_months': ('True|False', 'true or false'),
        'pii_enabled': ('True|False', 'true or false'),
    } -%}
    {%- for name, (form, wanted) in forms.items() -%}
        {%- set value = var(name) | string -%}
        {%- if not modules.re.fullmatch(form, value) and not (name == 'as_of' and var(name) is none) -%}
            {%- do oars.refuse_var(name, wanted) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if var('reporting_timezone') not in modules.pytz.all_timezones -%}
        {%- do oars.refuse_var('reporting_timezone', 'the name of a time zone, like Europe/Madrid') -%}
    {%- endif -%}
{% endmacro %}


{% macro refuse_var(name, wanted) %}
    {%- do exceptions.raise_compiler_error(
        'The var ' ~ name ~ ' is ' ~ var(name) ~ ': give it ' ~ wanted ~ '.'
    ) -%}
{% endmacro %}


{#- Stops the run with one sentence on an engine that is too old, before anything is written. -#}
{% macro check_engine() %}
    {%- if not adapter.is_at_or_after_version('25.8') -%}
        {%- do exceptions.raise_compiler_error(
            'This is ClickHouse ' ~ run_query('select version()').rows[0][0]
            ~ ', and at least 25.8 is needed: upgrade the server.'
        ) -%}
    {%- endif -%}
{% endmacro %}


{#-
    Stops the run with one sentence where a raw table is missing. The operator's are optional, and so are
    those of the LMS of which the source says so: what they would tell is empty, as one line says.
-#}
{% macro check_sources() %}
    {%- set missing = [] -%}
    {%- for source in graph.sources.values()
        if source.package_name == 'oars' and source.source_name != 'operator' -%}
        {%- if adapter.get_relation(none, source.schema, source.identifier) is none -%}
            {%- set name = source.schema ~ '.' ~ source.identifier -%}
            {%- do exceptions.raise_compiler_error(
                'The raw table ' ~ name ~ ' does not exist: run `oars init` to create what is missing.'
            ) if not source.config.meta.get('optional') -%}
            {%- do missing.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do log('Not there, so nothing is known of what they tell: ' ~ missing | join(', ') ~ '.', info=true)
        if missing -%}
{% endmacro %}


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


{#-
    Stops a run that leaves base out with one sentence where the bookkeeping knows nothing of it, as
    after an upgrade: what rests on it would be empty.
-#}
{% macro check_base() %}
    {%- set resting = [] -%}
    {%- for node in oars.planned_models() if node.unique_id in selected_resources -%}
        {%- do resting.append(node.name) if 'base' in oars.all_roots_of(node.unique_id) -%}
    {%- endfor -%}
    {%- set base = graph.nodes[oars.base_id()] -%}
    {%- if resting and oars.base_id() not in selected_resources
        and base.schema ~ '.' ~ base.alias in oars.state().columns -%}
        {%- set is_known, is_filled = run_query(
            'select (select count() from ' ~ oars.ops('ledger') ~ " where relation = 'base'), "
            ~ '(select count() from ' ~ base.schema ~ '.' ~ base.alias ~ ')'
        ).rows[0] -%}
        {%- do exceptions.raise_compiler_error(
            'The bookkeeping tables were made anew and know no statement yet: run `dbt run` once, '
            ~ 'without a selection.'
        ) if is_filled and not is_known -%}
    {%- endif -%}
{% endmacro %}
