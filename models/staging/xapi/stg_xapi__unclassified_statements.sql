with

statements as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where event_family = 'unclassified'

)

select
    {{ statement_columns() }},
    object_id,
    block_id
from statements
