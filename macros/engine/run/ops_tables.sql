{#-
    The bookkeeping of the incremental method: name -> columns, engine, order, partition, whether
    `kept` (a run cannot make it anew) or `scratch` (empty between runs), and when rows go (`ttl`).

    run_log          one row a run: written when it starts, replaced when it ends, gone after a year
    lease            until when a run has claimed the database; 1970 where it gave it back
    clock            as_of and now_at, the newest statement not after it: the last row counts
    seen             what was last seen of a relation's or view's text, of a table's parts
    months           month of raw and base when they were last compared: how base was, and, where
                     base had every id of raw, which parts raw had
    kept_months      month that left raw whole: what base had of it by then stays
    course_months    of each course, month and family how many statements base has, and their hash;
                     what takes statements back is counted apart, as family other/voiding
    ledger           version of each course in each root and relation, and what it was before the run
                     that wrote it; the last written counts, 0 is none
    forgotten        learners and users that `oars forget` deleted, as hashes with the salt
    being_forgotten  what a learner is known by, while `oars forget` is at work
    to_forget        keys of the learner's statements, meanwhile
    salt             one random text, made with the table
    month_plan       months of raw or base that are not what they were
    missing          ids that base lacks
    picked           of an id that raw has with several bodies, the one that counts
    arrived_parts    parts of raw that base was not known to have: rows and hash of ids, and how many
                     of them base had already
    plan             courses that a relation may have to build, and the version they will then have
    building         courses that a relation does build
-#}
{% macro ops_tables() %}
    {%- set moment = "DateTime64(6, 'UTC')" -%}
    {%- set written_at = ', written_at ' ~ moment ~ ' default now64(6)' -%}
    {%- set newest = 'ReplacingMergeTree(written_at)' -%}
    {%- set parts = 'Array(Tuple(part String, row_count UInt64, id_hash UInt64))' -%}
    {%- set course = 'relation LowCardinality(String), course_key String' -%}
    {{ return({
        'run_log': {
            'columns': 'invocation_id String, command String, target String, as_of ' ~ moment
                ~ ', started_at ' ~ moment ~ ', ended_at Nullable(' ~ moment ~ '), result String,'
                ~ ' months Array(UInt32), course_count UInt64, appended_count UInt64,'
                ~ ' collision_count UInt64, built Array(String), rows Map(String, UInt64)' ~ written_at,
            'engine': newest, 'order_by': 'invocation_id', 'life': 'kept',
            'ttl': 'toDateTime(written_at) + interval 1 year',
        },
        'lease': {
            'columns': 'invocation_id String, expires_at ' ~ moment ~ written_at,
            'engine': newest, 'order_by': 'invocation_id',
            'ttl': 'toDateTime(written_at) + interval 1 month',
        },
        'clock': {
            'columns': 'as_of ' ~ moment ~ ', now_at ' ~ moment ~ ', invocation_id String' ~ written_at,
            'engine': newest, 'order_by': 'tuple()', 'life': 'kept',
        },
        'seen': {
            'columns': 'name String, seen String' ~ written_at,
            'engine': newest, 'order_by': 'name',
        },
        'months': {
            'columns': 'month UInt32, raw_signature UInt64, base_signature UInt64,'
                ~ ' parser_version UInt64,'
                ~ ' raw_parts ' ~ parts ~ written_at,
            'engine': newest, 'order_by': 'month',
        },
        'kept_months': {
            'columns': 'month UInt32, kept_at ' ~ moment ~ written_at,
            'engine': newest, 'order_by': 'month', 'life': 'kept',
        },
        'course_months': {
            'columns': 'month UInt32, family LowCardinality(String), course_key String,'
                ~ ' statement_count SimpleAggregateFunction(sum, UInt64),'
                ~ ' statement_hash SimpleAggregateFunction(sum, UInt64),'
                ~ ' newest_at SimpleAggregateFunction(max, ' ~ moment ~ '),'
                ~ ' newest_readable_at SimpleAggregateFunction(max, ' ~ moment ~ ')',
            'engine': 'AggregatingMergeTree', 'order_by': '(course_key, family)',
            'partition_by': 'month',
        },
        'ledger': {
            'columns': course ~ ', version UInt64, version_before UInt64, invocation_id String'
                ~ written_at,
            'engine': newest, 'order_by': '(relation, course_key)',
        },
        'forgotten': {
            'columns': 'actor_hash String, forgotten_at ' ~ moment ~ ' default now64(6)',
            'engine': 'MergeTree', 'order_by': 'actor_hash', 'life': 'kept',
        },
        'being_forgotten': {
            'columns': 'command UUID, kind LowCardinality(String), name String',
            'engine': 'MergeTree', 'order_by': 'kind', 'life': 'kept',
        },
        'to_forget': {
            'columns': 'command UUID, event_id UUID, emission_time ' ~ moment,
            'engine': 'MergeTree', 'order_by': 'event_id', 'life': 'kept',
        },
        'salt': {
            'columns': 'salt String', 'engine': 'MergeTree', 'order_by': 'salt', 'life': 'kept',
        },
        'month_plan': {
            'columns': 'month UInt32, is_in_raw Bool, is_grown Bool, raw_signature UInt64,'
                ~ ' parts Array(String), new_parts Array(String), gone_parts ' ~ parts
                ~ ', is_aged Bool',
            'engine': 'MergeTree', 'order_by': 'month', 'life': 'scratch',
        },
        'missing': {
            'columns': 'event_id UUID, emission_time ' ~ moment ~ ', month_count UInt64,'
                ~ ' row_count UInt64',
            'engine': 'MergeTree', 'order_by': 'event_id', 'life': 'scratch',
        },
        'picked': {
            'columns': 'event_id UUID, emission_time ' ~ moment ~ ', text_hash UInt64,'
                ~ ' body_count UInt64',
            'engine': 'MergeTree', 'order_by': 'event_id', 'life': 'scratch',
        },
        'arrived_parts': {
            'columns': 'month UInt32, part String, row_count UInt64, id_hash UInt64,'
                ~ ' known_count UInt64, known_hash UInt64',
            'engine': 'MergeTree', 'order_by': '(month, part)', 'life': 'scratch',
        },
        'plan': {
            'columns': 'plan LowCardinality(String), course_key String, partition String, version UInt64, '
                ~ 'is_forced Bool',
            'engine': 'MergeTree', 'order_by': 'course_key', 'partition_by': 'plan',
            'life': 'scratch',
        },
        'building': {
            'columns': course ~ ', partition String',
            'engine': 'MergeTree', 'order_by': 'course_key', 'partition_by': 'relation',
            'life': 'scratch',
        },
    }) }}
{% endmacro %}


{#-
    Makes the bookkeeping tables where they are missing, and brings those of another release up to
    date: each has the digest of its definition as its comment. What a run can make anew is made
    anew, all of it, for one of these tables tells what another counts; then each relation is compared
    and built anew, once. Of what is kept the rows are copied, column by column of the same name. One
    query where there is nothing to do.
-#}
{% macro create_ops_tables() %}
    {%- set database = target.schema ~ '_ops' -%}
    {%- set present = {} -%}
    {%- for row in run_query(
        "select name, comment from system.tables where database = '" ~ database ~ "'"
    ).rows -%}
        {%- do present.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {%- set tables = oars.ops_tables() -%}
    {%- set wanted = {} -%}
    {%- for name, table in tables.items() -%}
        {%- do wanted.update({name: 'oars ' ~ local_md5(tojson(table, sort_keys=true))[:8]}) -%}
    {%- endfor -%}
    {%- set outdated = [] -%}
    {%- set made_anew = [] -%}
    {%- for name in wanted -%}
        {%- do made_anew.append(name) if 'life' not in tables[name] -%}
        {%- do outdated.append(name) if present.get(name) != wanted[name] -%}
    {%- endfor -%}
    {%- if outdated | select('in', made_anew) | list -%}
        {%- set outdated = (outdated + made_anew) | unique | list -%}
    {%- endif -%}
    {%- if not present -%}
        {%- do run_query('create database if not exists ' ~ database ~ oars.on_cluster()) -%}
    {%- endif -%}
    {#- A run that is at work on tables of the older kind is let finish. -#}
    {%- if present and present != wanted and 'lease' in present -%}
        {%- do oars.refuse_beside_another_run() -%}
    {%- endif -%}
    {%- for name in outdated -%}
        {%- set comment = wanted[name] -%}
        {%- set is_copied = name in present and tables[name].get('life') == 'kept' -%}
        {%- if is_copied -%}
            {%- do oars.copy_ops_table(name, comment) -%}
        {%- else -%}
            {%- do run_query('drop table if exists ' ~ oars.ops(name) ~ oars.on_cluster())
                if name in present -%}
            {%- do run_query(oars.ops_table_definition(name, comment)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if 'salt' not in present -%}
        {%- do run_query(
            'insert into ' ~ oars.ops('salt') ~ ' select lower(hex(randomString(16)))'
            ~ ' where (select count() from ' ~ oars.ops('salt') ~ ') = 0'
        ) -%}
    {%- endif -%}
{% endmacro %}


{#- A table under another name, the rows of the old one in it, and then in its place. -#}
{% macro copy_ops_table(name, comment) %}
    {%- set old = oars.ops(name) -%}
    {%- set copy = oars.ops(name ~ '__dbt_tmp') -%}
    {%- do run_query('drop table if exists ' ~ copy ~ oars.on_cluster()) -%}
    {%- do run_query(oars.ops_table_definition(name ~ '__dbt_tmp', comment, name)) -%}
    {%- set common -%}
        select name
        from system.columns
        where database = '{{ target.schema }}_ops' and table = '{{ name }}'
        and name in (
            select name from system.columns
            where database = '{{ target.schema }}_ops' and table = '{{ name }}__dbt_tmp'
        )
    {%- endset -%}
    {%- set columns = run_query(common).rows | map(attribute=0) | join(', ') -%}
    {%- do run_query(
        'insert into ' ~ copy ~ ' (' ~ columns ~ ') select ' ~ columns ~ ' from ' ~ old
    ) -%}
    {%- do run_query('exchange tables ' ~ old ~ ' and ' ~ copy ~ oars.on_cluster()) -%}
    {%- do run_query('drop table ' ~ copy ~ oars.on_cluster()) -%}
{% endmacro %}


{#- `create table` of a bookkeeping table. -#}
{% macro ops_table_definition(name, comment, kind=none) -%}
    {%- set table = oars.ops_tables()[kind or name] -%}
    create table if not exists {{ oars.ops(name) }}{{ oars.on_cluster() }} ({{ table.columns }})
    engine = {{ oars.replicated(table.engine) }}
    {{ 'partition by ' ~ table.partition_by if 'partition_by' in table }}
    order by {{ table.order_by }}
    {{ 'ttl ' ~ table.ttl if 'ttl' in table }}
    comment '{{ comment }}'
{%- endmacro %}


{#-
    Empties what only a run needs, where there is anything: at its end, and at the start of the next,
    for what a run that was killed had noted to do is not what that one has to do.
-#}
{% macro clear_scratch() %}
    {%- set scratch = [] -%}
    {%- for name, table in oars.ops_tables().items() if table.get('life') == 'scratch' -%}
        {%- do scratch.append(name) -%}
    {%- endfor -%}
    {%- set filled -%}
        select distinct name
        from {{ oars.of_each_server('system.tables') }}
        where
            database = '{{ target.schema }}_ops'
            and name in {{ oars.text_array(scratch) }}
            and total_rows != 0
    {%- endset -%}
    {%- for row in run_query(filled).rows -%}
        {%- do oars.claim() -%}
        {%- do run_query('truncate table ' ~ oars.ops(row[0]) ~ oars.on_cluster()) -%}
    {%- endfor -%}
{% endmacro %}


{#- A table of the project's own bookkeeping in the schema oars_ops. -#}
{% macro ops(table) -%}
    {{ target.schema }}_ops.{{ table }}
{%- endmacro %}
