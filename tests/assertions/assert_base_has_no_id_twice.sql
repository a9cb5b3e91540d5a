-- What it says: base has no id twice.
-- When it matters: an id that base held in two months would be equal to raw in each of them, and
--   still count twice.
-- What to do: run `dbt run --full-refresh --select base_xapi__statements`, then `dbt run`, and report it
--   as a fault.
with

base_statements as (

    select event_id
    from {{ ref('base_xapi__statements_final') }}

)

select
    event_id,
    count() as row_count
from base_statements
group by event_id
having row_count > 1
