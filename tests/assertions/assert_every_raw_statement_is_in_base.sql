-- What it says: month by month, base has exactly the ids that raw has, and besides these only what
--   was kept of months that left raw whole (the var keep_months). Raw may hold an id in two months,
--   base holds it in one of them: it counts in that one.
-- When it matters: a statement that is not in base is in no mart, and nothing else would tell.
-- What to do: run `dbt run`: it reads what arrived or was erased since. If the rows stay, report it
--   as a fault.
with

raw_statements as (

    select
        event_id,
        toYYYYMM(toTimeZone(emission_time, 'UTC')) as month
    from {{ source('xapi', 'xapi_events_all') }}

),

base_statements as (

    select
        event_id,
        toYYYYMM(emission_time) as month,
        {{ is_kept() }} as is_kept
    from {{ ref('base_xapi__statements_final') }}

),

base_months as (

    select
        month,
        count() as base_row_count
    from base_statements
    where
        not base_statements.is_kept
        or base_statements.event_id in (select raw_statements.event_id from raw_statements)
    group by month

),

-- The month of base's own row, 0 where it has none.
raw_ids as (

    select
        raw.month as month,
        raw.event_id as event_id,
        base.month as base_month
    from raw_statements as raw
    left join base_statements as base on raw.event_id = base.event_id

),

raw_months as (

    select
        month,
        uniqExactIf(event_id, month = base_month) as raw_id_count,
        uniqExactIf(event_id, base_month = 0) as lost_id_count
    from raw_ids
    group by month

)

select
    greatest(base.month, raw.month) as month,
    base.base_row_count as base_row_count,
    raw.raw_id_count as raw_id_count,
    raw.lost_id_count as lost_id_count
from base_months as base
full outer join raw_months as raw on base.month = raw.month
where
    base.base_row_count != raw.raw_id_count
    or raw.lost_id_count > 0
