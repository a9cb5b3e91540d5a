with

statements as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where event_family = 'malformed'

)

select
    event_id,
    rejection_reason,
    verb_id,
    object_type,
    statement_length,
    statement_excerpt,
    event_family,
    emission_time,
    stored_at,
    loaded_at
from statements
