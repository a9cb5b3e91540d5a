-- What it says: agg_event_types counts, family by family, every statement in base, malformed ones,
--   those later than "now" and those of excluded actors too.
-- When it matters: it is the page that says how much of what the site sends is understood.
-- What to do: if base was built alone, run dbt build; else compare int_statement_counts with base
--   by month to see which courses are stale.
with

event_types as (

    select *
    from {{ ref('agg_event_types') }}

),

statements as (

    select event_family
    from {{ ref('base_xapi__statements_final') }}

),

statements_by_family as (

    select
        event_family,
        count() as statement_count
    from statements
    group by event_family

),

event_types_by_family as (

    select
        event_family,
        sum(statement_count) as statement_count
    from event_types
    group by event_family

)

select
    if(base.event_family != '', base.event_family, types.event_family) as event_family,
    base.statement_count as statement_count,
    types.statement_count as statement_count_of_types
from statements_by_family as base
full outer join event_types_by_family as types on base.event_family = types.event_family
where base.statement_count != types.statement_count
