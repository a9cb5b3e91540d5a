{#-
    Base is appended to: of raw this reads the rows that oars.plan_months found to be missing, by a
    filter that goes into the scan of raw, and of an id that raw has with several bodies the one that
    counts. Each id comes once, so nothing has to be merged on insert. Expressions are not merged:
    merged, the parser's branches copy whole statements. A full refresh reads again all that raw has,
    and keeps the months that have left it.
-#}
{{ config(
    materialized='statements_table',
    full_refresh=false,
    engine=replicated('ReplacingMergeTree()'),
    order_by=['event_family', 'course_key', 'actor_id', 'emission_time', 'event_id'],
    partition_by='toYYYYMM(emission_time)',
    settings={'allow_nullable_key': 1},
    query_settings={
        'max_partitions_per_insert_block': 0,
        'optimize_on_insert': 0,
        'query_plan_merge_expressions': 0,
    },
) }}

with

delivered as (

    select *
    from {{ ref('base_xapi__parsed_statements') }}

),

-- Copies of a row come this far.
unique_statements as (

    select *
    from delivered
    limit 1 by event_id -- noqa: AM09

),

dated as (

    select
        *,
        {{ is_aged() }} as is_aged
    from unique_statements

)

select
    * except (is_aged, {{ emptied_texts('is_aged') | join(', ') }}), -- noqa: AM04
    {%- for column, text in emptied_texts('is_aged').items() %}
        {{ text }} as {{ column }},
    {%- endfor %}
    {{ parser_version('is_aged') }} as parser_version,
    {{ run_moment() }} as loaded_at
from dated
