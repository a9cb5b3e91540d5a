{#-
    The bookkeeping of the incremental method, made where it is missing.

    run_log        one row a run: written when it starts, replaced when it ends
    lease          until when a run may take itself for the only one
    clock          now_at, the newest statement not after as_of: one row a run, the last one counts
    month_plan     months of raw that this run compares with base; has_news: base lacks statements
    months         signatures of raw and of base when they last held the same statements
    kept_months    months that left raw whole: what base had of them by then stays
    course_months  of each course in each month how many statements base has, and their hash
    plan           courses that a relation is to build in this run, and the version it will then have
    ledger         version of each course in each relation; the last written counts, 0 is none
    forgotten      learners that `oars forget` deleted, as hashes with the salt
    to_forget      ids of their statements while they are deleted
    salt           one random text, made with the table
-#}
{% macro create_ops_tables() %}
    {%- do run_query('create database if not exists ' ~ target.schema ~ '_ops' ~ on_cluster()) -%}
    {%- set moment = "DateTime64(6, 'UTC')" -%}
    {%- set written_at = 'written_at ' ~ moment ~ ' default now64(6)' -%}
    {%- set merge_tree = replicated('MergeTree') -%}
    {%- set newest = replicated('ReplacingMergeTree(written_at)') -%}
    {%- set tables = {
        'run_log': '(invocation_id String, command String, target String, as_of ' ~ moment
            ~ ', started_at ' ~ moment ~ ', ended_at Nullable(' ~ moment ~ '), result String,'
            ~ ' months Array(UInt32), course_count UInt64, appended_count UInt64,'
            ~ ' collision_count UInt64, rows Map(String, UInt64), ' ~ written_at ~ ')'
            ~ ' engine = ' ~ newest ~ ' order by invocation_id',
        'lease': '(invocation_id String, expires_at ' ~ moment ~ ', ' ~ written_at ~ ')'
            ~ ' engine = ' ~ newest ~ ' order by invocation_id',
        'clock': '(as_of ' ~ moment ~ ', now_at ' ~ moment ~ ', invocation_id String, '
            ~ written_at ~ ') engine = ' ~ merge_tree ~ ' order by written_at',
        'month_plan': '(month UInt32, raw_signature UInt64, has_news Bool)'
            ~ ' engine = ' ~ merge_tree ~ ' order by month',
        'months': '(month UInt32, raw_signature UInt64, base_signature UInt64,'
            ~ ' parser_version UInt64, ' ~ written_at ~ ') engine = ' ~ newest
            ~ ' order by month',
        'kept_months': '(month UInt32, kept_at ' ~ moment ~ ', ' ~ written_at ~ ') engine = '
            ~ newest ~ ' order by month',
        'course_months': '(month UInt32, course_key String, statement_count UInt64,'
            ~ ' statement_hash UInt64, readable_count UInt64)'
            ~ ' engine = ' ~ merge_tree ~ ' partition by month order by course_key',
        'plan': '(relation LowCardinality(String), course_key String, partition String,'
            ~ ' version UInt64)'
            ~ ' engine = ' ~ merge_tree ~ ' partition by relation order by course_key',
        'ledger': '(relation LowCardinality(String), course_key String, version UInt64,'
            ~ ' invocation_id String, ' ~ written_at ~ ')'
            ~ ' engine = ' ~ newest ~ ' order by (relation, course_key)',
        'forgotten': '(actor_hash String, forgotten_at ' ~ moment ~ ' default now64(6))'
            ~ ' engine = ' ~ merge_tree ~ ' order by actor_hash',
        'to_forget': '(event_id UUID) engine = ' ~ merge_tree ~ ' order by event_id',
        'salt': '(salt String) engine = ' ~ merge_tree ~ ' order by salt',
    } -%}
    {%- for name, definition in tables.items() -%}
        {%- do run_query(
            'create table if not exists ' ~ ops(name) ~ on_cluster() ~ ' ' ~ definition
        ) -%}
    {%- endfor -%}
    {%- do run_query(
        'insert into ' ~ ops('salt') ~ ' select lower(hex(randomString(16)))'
        ~ ' where (select count() from ' ~ ops('salt') ~ ') = 0'
    ) -%}
{% endmacro %}
