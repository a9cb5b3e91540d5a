with

statements as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where event_family = 'video'

)

select
    {{ statement_columns() }},
    block_id,
    position_seconds,
    duration_seconds,
    seek_from_seconds,
    seek_to_seconds,
    length_seconds,
    speed_from,
    speed_to,
    is_captions_enabled,
    is_completion
from statements
