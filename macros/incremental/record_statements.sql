{#-
    Post-hook of base_xapi__statements: sets the clock, then writes to the ledger each course whose
    statements changed. A course's version is made of the count and the order-free sum of a hash of
    its statements, all of them and those not after as_of, and of the parser version.
-#}
{% macro record_statements() %}
{%- if execute -%}
    {%- do run_query(
        'insert into ' ~ ops('clock') ~ ' (as_of, now_at, invocation_id) select ' ~ as_of()
        ~ ", maxIf(emission_time, event_family != 'malformed' and emission_time <= " ~ as_of()
        ~ "), '" ~ invocation_id ~ "' from " ~ this
    ) -%}
    {%- set hash = 'cityHash64(event_id, statement_hash)' -%}
    {%- set versions -%}
        select
            coalesce(course_key, '') as course_key,
            cityHash64(
                count(),
                sum({{ hash }}),
                countIf(emission_time <= {{ as_of() }}),
                sumIf({{ hash }}, emission_time <= {{ as_of() }}),
                max(parser_version)
            ) as version
        from {{ this }}
        group by course_key
    {%- endset -%}
    {%- do run_query(ledger_update(model.name, versions)) -%}
{%- endif -%}
{% endmacro %}
