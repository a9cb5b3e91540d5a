{#-
    Each id comes once, so nothing has to be merged on insert. Expressions are not merged: merged,
    the parser's branches copy whole statements. Then the engine does not see by itself that only
    the planned months of raw are wanted, and would read all of it: so the last line tells it. A
    full refresh reads again all that raw has (plan_months), and keeps the months that have left it.
-#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='event_id',
    full_refresh=false,
    on_schema_change='append_new_columns',
    engine=replicated('ReplacingMergeTree()'),
    order_by=['event_family', 'course_key', 'actor_id', 'emission_time', 'event_id'],
    partition_by='toYYYYMM(emission_time)',
    settings={'allow_nullable_key': 1},
    query_settings={
        'max_partitions_per_insert_block': 0,
        'optimize_on_insert': 0,
        'query_plan_merge_expressions': 0,
    },
    pre_hook='{{ plan_months() }}',
    post_hook='{{ record_statements() }}',
) }}

with

planned_months as (

    select month
    from {{ ops('month_plan') }}
    where has_news

),

planned_ids as (

    select raw.event_id as event_id
    from {{ source('xapi', 'xapi_events_all') }} as raw
    where
        toYYYYMM(toTimeZone(raw.emission_time, 'UTC')) in (
            select planned_months.month from planned_months
        )

),

repeated_ids as (

    select event_id
    from planned_ids
    group by event_id
    having count() > 1

),

{% if is_incremental() %}
    present_ids as (

        select present.event_id as event_id
        from {{ this }} as present
        where present.event_id in (select planned_ids.event_id from planned_ids)

    ),
{% endif %}

delivered as (

    select parsed.*
    from {{ ref('base_xapi__parsed_statements') }} as parsed
    where
        toYYYYMM(parsed.emission_time) in (select planned_months.month from planned_months)
        {% if is_incremental() %}
            and parsed.event_id not in (select present_ids.event_id from present_ids)
        {% endif %}

),

-- Nearly every statement is there once and streams through.
delivered_once as (

    select delivered.*
    from delivered
    where delivered.event_id not in (select repeated_ids.event_id from repeated_ids)

),

-- Of several bodies one wins by a rule that does not depend on their order.
delivered_again as (

    select delivered.*
    from delivered
    where delivered.event_id in (select repeated_ids.event_id from repeated_ids)
    order by delivered.event_id, delivered.emission_time, delivered.statement_hash
    limit 1 by delivered.event_id

),

unique_statements as (

    select * from delivered_once
    union all
    select * from delivered_again

)

select
    *, -- noqa: AM04
    {{ parser_version() }} as parser_version,
    now64(6, 'UTC') as loaded_at
from unique_statements
{{ reading_planned_months(source('xapi', 'xapi_events_all')) }}
