with

statements as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where event_family = 'other'

)

select
    {{ statement_columns() }},
    object_id,
    object_name,
    object_description,
    workflow_action,
    prompt_template,
    workflow_location,
    voided_event_id
from statements
