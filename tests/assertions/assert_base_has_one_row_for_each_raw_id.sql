-- What it says: base has as many rows as raw has distinct ids.
-- When it matters: an id that base held in two months would be equal to raw in each of them, and
--   still count twice.
-- What to do: run dbt build first, for new statements may have arrived; then look for ids with two
--   rows in base_xapi__statements_final and delete their months from base_xapi__statements.
with

raw_statements as (

    select event_id
    from {{ source('xapi', 'xapi_events_all') }}

),

base_statements as (

    select event_id
    from {{ ref('base_xapi__statements_final') }}

),

raw_ids as (

    select uniqExact(event_id) as raw_id_count
    from raw_statements

),

base_rows as (

    select count() as base_row_count
    from base_statements

)

select
    raw_ids.raw_id_count as raw_id_count,
    base_rows.base_row_count as base_row_count
from raw_ids
cross join base_rows
where raw_ids.raw_id_count != base_rows.base_row_count
