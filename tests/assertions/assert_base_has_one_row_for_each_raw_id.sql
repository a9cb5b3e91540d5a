-- What it says: base has no id twice.
-- When it matters: an id that base held in two months would be equal to raw in each of them, and
--   still count twice.
-- What to do: run `dbt run` with the var keep_months as it is, once; if rows stay, report it as a
--   fault. To delete a month from base by hand loses what raw has no more.
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
