{#-
    Completes the run's row of oars_ops.run_log: the months of which statements were read, the
    courses with news, the statements appended, the ids that raw holds with different bodies (one of
    them counts), and how many rows each relation has.
-#}
{% macro log_end(results) %}
    {%- set failed = results | rejectattr('status', 'in', ['success', 'pass', 'warn', 'skipped',
        'no-op']) | list -%}
    {%- set node = graph.nodes['model.oars.base_xapi__statements'] -%}
    {%- set base = api.Relation.create(schema=node.schema, identifier=node.alias) -%}
    {%- set source = graph.sources['source.oars.xapi.xapi_events_all'] -%}
    {%- set raw = api.Relation.create(schema=source.schema, identifier=source.identifier) -%}
    {%- set read = results | selectattr('node.unique_id', 'equalto', node.unique_id)
        | selectattr('status', 'equalto', 'success') | list | length > 0 -%}
    {%- set months = '(select month from ' ~ ops('month_plan') ~ ' where has_news)' -%}
    {%- set in_months = "toYYYYMM(toTimeZone(emission_time, 'UTC')) in " ~ months -%}
    {%- set row -%}
        insert into {{ ops('run_log') }} (
            invocation_id, command, target, as_of, started_at, ended_at, result, months,
            course_count, appended_count, collision_count, rows
        )
        select
            invocation_id,
            command,
            target,
            as_of,
            started_at,
            now64(6) as ended_at,
            '{{ 'error' if failed else 'success' }}' as result,
            {%- if read %}
            (select groupArray(month) from (select month from {{ months }} order by month)) as months,
            (
                select uniqExact(course_key) from {{ ops('ledger') }}
                where
                    relation = 'base_xapi__statements'
                    and course_key not in ('', '*')
                    and invocation_id = '{{ invocation_id }}'
            ) as course_count,
            (
                select count() from {{ base }}
                where
                    {{ in_months }}
                    and loaded_at >= (
                        select max(started_at) from {{ ops('run_log') }}
                        where invocation_id = '{{ invocation_id }}'
                    )
            ) as appended_count,
            (
                select count() from (
                    select event_id
                    from {{ raw }}
                    where
                        {{ in_months }}
                        and event_id in (
                            select event_id
                            from {{ raw }}
                            where {{ in_months }}
                            group by event_id
                            having count() > 1
                        )
                    group by event_id
                    having uniqExact(cityHash64(toString(event))) > 1
                )
            ) as collision_count,
            {%- else %}
            [] as months,
            0 as course_count,
            0 as appended_count,
            0 as collision_count,
            {%- endif %}
            (
                select (groupArray(relation), groupArray(row_count))::Map(String, UInt64) from (
                    select table as relation, sum(rows) as row_count
                    from system.parts
                    where
                        active
                        and database in ('{{ own_schemas() | join("', '") }}')
                    group by relation
                    order by relation
                )
            ) as rows
        from {{ ops('run_log') }} final
        where invocation_id = '{{ invocation_id }}'
    {%- endset -%}
    {%- do run_query(row) -%}
{% endmacro %}
