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
    {%- do oars.check_families() -%}
{% endmacro %}


{#- Stops the run with one sentence where a statement would be of a family that there is not. -#}
{% macro check_families() %}
    {%- set added = var('extra_xapi_families', []) | map(attribute='family') | list -%}
    {%- set families = oars.event_families().split() | reject('equalto', 'unclassified') | list -%}
    {%- for family in added
        if family in families + ['unclassified', 'malformed']
        or not modules.re.fullmatch('[a-z][a-z_]*', family | string) -%}
        {%- do exceptions.raise_compiler_error(
            'The var extra_xapi_families adds ' ~ family ~ ': give it a name in snake_case that no '
            ~ 'other family has.'
        ) -%}
    {%- endfor -%}
    {%- for name in ('extra_xapi_event_types', 'xapi_event_types') -%}
        {%- for line in var(name, []) if line.family not in families + added -%}
            {%- do exceptions.raise_compiler_error(
                'In the var ' ~ name ~ ' ' ~ line.event_type ~ ' is of the family ' ~ line.family
                ~ ': give it one of ' ~ (families + added) | join(', ')
                ~ ', or add the family to extra_xapi_families.'
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set viewed = graph.nodes.values() | selectattr('config.meta', 'defined')
        | map(attribute='config.meta.event_family', default='') | list -%}
    {%- for family in added if family not in viewed -%}
        {%- do exceptions.raise_compiler_error(
            'No view has the statements of the family ' ~ family ~ ': give your project a model with the '
            ~ 'meta event_family: ' ~ family ~ ', see docs/extending.md.'
        ) -%}
    {%- endfor -%}
{% endmacro %}


{#-
    Stops the run with one sentence where another project that installs this one has given its relations
    other places or shares their names: `oars` looks for them by schema, and the ledger by name.
-#}
{% macro check_names() %}
    {%- set packages = {} -%}
    {%- for node in graph.nodes.values() if node.resource_type in ('model', 'seed') -%}
        {%- set schema = [target.schema, node.config.schema] | select | join('_') -%}
        {%- if node.package_name == 'oars' and node.schema != schema -%}
            {%- do exceptions.raise_compiler_error(
                node.name ~ ' would be in ' ~ node.schema ~ ', and is looked for in ' ~ schema
                ~ ": let generate_schema_name of your project give this package's schemas as dbt does, "
                ~ 'see docs/extending.md.'
            ) -%}
        {%- endif -%}
        {%- if 'oars' in (node.package_name, packages.get(node.name)) and node.name in packages -%}
            {%- do exceptions.raise_compiler_error(
                'Two relations are called ' ~ node.name ~ ': give yours another name, or disable that '
                ~ 'of the package oars, and yours takes its place.'
            ) -%}
        {%- endif -%}
        {%- do packages.update({node.name: node.package_name}) -%}
    {%- endfor -%}
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
