{#-
    The one adapter macro that is overridden. It replaces the planned partitions whole, each
    atomically, by the rows just selected and the present rows of the same partitions' other
    courses. The stock macro replaces only partitions that got a row, so a bucket whose courses are
    gone would keep them. With an empty plan nothing is created. The staging table has the run's own
    name: a run that was taken for dead cannot swap in what its successor has staged.
-#}
{% macro clickhouse__incremental_insert_overwrite(existing_relation, partition_by, is_distributed) %}
    {%- set scope = model.config.meta.get('scope', 'course') -%}
    {%- set of_plan = ' from ' ~ ops('plan') ~ " where relation = '" ~ model.name ~ "'" -%}
    {%- set partitions = run_query('select distinct partition' ~ of_plan).rows
        | map(attribute=0) | list -%}
    {%- if not partitions -%}
        {%- call statement('main') -%} select 'no news' {%- endcall -%}
    {%- else -%}
        {%- set staging = existing_relation.incorporate(
            path={'identifier': existing_relation.identifier ~ '__dbt_new_data_'
                ~ invocation_id.replace('-', '_')}
        ) -%}
        {%- do renew_lease() -%}
        {%- call statement('main') -%}
            {{ get_create_table_as_sql(false, staging, sql) }}
        {%- endcall -%}
        {%- if scope != 'instance' -%}
            {%- set columns = adapter.get_columns_in_relation(existing_relation)
                | map(attribute='quoted') | join(', ') -%}
            {%- call statement('keep_other_courses') -%}
                insert into {{ staging }} ({{ columns }})
                select {{ columns }}
                from {{ existing_relation }}
                where
                    toString({{ course_bucket() }}) in (select partition {{ of_plan }})
                    and course_key not in (select course_key {{ of_plan }})
                    and course_key in (
                        select known.course_key
                        from ({{ ledger_versions([model.name]) }}) as known
                    )
            {%- endcall -%}
        {%- endif -%}
        {%- do renew_lease() -%}
        {%- call statement('replace_partitions') -%}
            alter table {{ existing_relation }}
            {%- for partition in partitions %}
                replace partition id '{{ partition }}' from {{ staging }}{{ ',' if not loop.last }}
            {%- endfor %}
            {%- if adapter.is_at_or_after_version('26.6') %}
                settings allow_replace_partition_from_empty_source = 1
            {%- endif %}
        {%- endcall -%}
        {%- do adapter.drop_relation(staging) -%}
    {%- endif -%}
{% endmacro %}
