{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='event_id',
    on_schema_change='append_new_columns',
    engine='ReplacingMergeTree()',
    order_by=['event_family', 'course_key', 'actor_id', 'emission_time', 'event_id'],
    partition_by='toYYYYMM(emission_time)',
    settings={'allow_nullable_key': 1},
    query_settings={'max_partitions_per_insert_block': 0},
    pre_hook='{{ plan_months() }}',
    post_hook='{{ record_statements() }}',
) }}

with

planned_months as (

    select month
    from {{ ops('month_plan') }}

),

planned_ids as (

    select event_id
    from {{ source('xapi', 'xapi_events_all') }}
    where toYYYYMM(toTimeZone(emission_time, 'UTC')) in (select month from planned_months)

),

repeated_ids as (

    select event_id
    from planned_ids
    group by event_id
    having count() > 1

),

delivered as (

    select *
    from {{ ref('base_xapi__parsed_statements') }}
    where
        toYYYYMM(emission_time) in (select month from planned_months)
        {% if is_incremental() %}
        and event_id not in (
            select event_id from {{ this }} where event_id in (select event_id from planned_ids)
        )
        {% endif %}

),

-- Nearly every statement is there once and streams through.
delivered_once as (

    select *
    from delivered
    where event_id not in (select event_id from repeated_ids)

),

-- Of several bodies one wins by a rule that does not depend on order.
delivered_again as (

    select *
    from delivered
    where event_id in (select event_id from repeated_ids)
    order by event_id, emission_time, statement_hash
    limit 1 by event_id

)

select
    *,
    {{ parser_version() }} as parser_version,
    now64(6, 'UTC') as loaded_at
from delivered_once
union all
select
    *,
    {{ parser_version() }} as parser_version,
    now64(6, 'UTC') as loaded_at
from delivered_again
