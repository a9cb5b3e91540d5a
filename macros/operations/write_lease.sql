{#- Claims the database for this run, for the var lease_minutes from now or until the given time. -#}
{% macro write_lease(until=none) %}
    {%- set end = until or 'now64(6) + interval ' ~ var('lease_minutes') ~ ' minute' -%}
    {%- do run_query(
        'insert into ' ~ ops('lease') ~ " (invocation_id, expires_at) select '" ~ invocation_id
        ~ "', " ~ end
    ) -%}
{% endmacro %}
