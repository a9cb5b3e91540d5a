{#- Writes the run's row of oars_ops.run_log; a run that is killed keeps the result 'running'. -#}
{% macro log_start(result='running') %}
    {%- do run_query(
        'insert into ' ~ oars.ops('run_log')
        ~ ' (invocation_id, command, target, as_of, started_at, result, written_at) select '
        ~ "'" ~ invocation_id ~ "', '" ~ flags.WHICH ~ "', '" ~ target.name ~ "', "
        ~ oars.as_of() ~ ", now64(6), '" ~ result ~ "', " ~ oars.written_at()
    ) -%}
{% endmacro %}


{#-
    Completes the run's row of the log: the months of which statements were read, the courses with
    news, the statements appended, the ids that were found with different bodies (one of them counts),
    the relations that changed, and how many rows each relation has.
-#}
{% macro log_end(results) %}
    {%- set failed = results | rejectattr('status', 'in', ['success', 'pass', 'warn', 'skipped',
        'no-op']) | list -%}
    {%- set base = oars.state().base or {} -%}
    {%- set row -%}
        insert into {{ oars.ops('run_log') }} (
            invocation_id, command, target, as_of, started_at, ended_at, result, months,
            course_count, appended_count, collision_count, built, rows, written_at
        )
        select
            invocation_id,
            command,
            target,
            as_of,
            started_at,
            now64(6) as ended_at,
            if(run_log.result = 'busy', 'busy', '{{ 'error' if failed else 'success' }}') as result,
            [{{ base.get('months', []) | sort | join(', ') }}]::Array(UInt32) as months,
            (
                select uniqExact(course_key) from {{ oars.ops('ledger') }}
                where
                    startsWith(relation, 'base/')
                    and course_key != ''
                    and invocation_id = '{{ invocation_id }}'
            ) as course_count,
            {{ base.get('appended_count', 0) }} as appended_count,
            {{ base.get('collision_count', 0) }} as collision_count,
            {{ oars.text_array(oars.state().built.keys() | sort) }}::Array(String) as built,
            (
                select (groupArray(relation), groupArray(row_count))::Map(String, UInt64) from (
                    select table as relation, sum(rows) as row_count
                    from system.parts
                    where
                        active
                        and database in ('{{ oars.own_schemas() | join("', '") }}')
                    group by relation
                    order by relation
                )
            ) as rows,
            {{ oars.written_at() }} as written_at
        from {{ oars.ops('run_log') }} as run_log final
        where invocation_id = '{{ invocation_id }}'
    {%- endset -%}
    {%- do run_query(row) -%}
{% endmacro %}
