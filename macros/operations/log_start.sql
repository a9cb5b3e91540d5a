{#- Writes the run's row of oars_ops.run_log; a run that is killed keeps the result 'running'. -#}
{% macro log_start() %}
    {%- do run_query(
        'insert into ' ~ ops('run_log')
        ~ ' (invocation_id, command, target, as_of, started_at, result) select '
        ~ "'" ~ invocation_id ~ "', '" ~ flags.WHICH ~ "', '" ~ target.name ~ "', "
        ~ as_of() ~ ", now64(6), 'running'"
    ) -%}
{% endmacro %}
