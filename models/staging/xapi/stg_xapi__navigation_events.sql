with

statements as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where event_family = 'navigation'

)

select
    {{ statement_columns() }},
    block_id,
    object_id as target_url,
    object_name as target_name,
    starting_position,
    ending_position,
    total_items
from statements
