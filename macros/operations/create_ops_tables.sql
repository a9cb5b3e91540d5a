{#-
    The bookkeeping of the incremental method, made where it is missing.

    clock       now_at, the newest statement not after as_of: one row a run, the last one counts
    month_plan  months of raw statements that the base model is to read in this run
    plan        courses that a relation is to build in this run, and the version it will then have
    ledger      version of each course in each relation; the last written counts, 0 is none
-#}
{% macro create_ops_tables() %}
    {%- do run_query('create database if not exists ' ~ target.schema ~ '_ops' ~ on_cluster()) -%}
    {%- set tables = {
        'clock': "(as_of DateTime64(6, 'UTC'), now_at DateTime64(6, 'UTC'), "
            ~ "invocation_id String, written_at DateTime64(6, 'UTC') default now64(6)) "
            ~ "engine = " ~ replicated('MergeTree') ~ " order by written_at",
        'month_plan': "(month UInt32) engine = " ~ replicated('MergeTree') ~ " order by month",
        'plan': "(relation LowCardinality(String), course_key String, partition String, "
            ~ "version UInt64) "
            ~ "engine = " ~ replicated('MergeTree') ~ " partition by relation order by course_key",
        'ledger': "(relation LowCardinality(String), course_key String, version UInt64, "
            ~ "invocation_id String, written_at DateTime64(6, 'UTC') default now64(6)) "
            ~ "engine = " ~ replicated('ReplacingMergeTree(written_at)') ~ " order by (relation, course_key)",
    } -%}
    {%- for name, definition in tables.items() -%}
        {%- do run_query(
            'create table if not exists ' ~ ops(name) ~ on_cluster() ~ ' ' ~ definition
        ) -%}
    {%- endfor -%}
{% endmacro %}
