with

statements as (

    select *
    from {{ ref('oars', 'base_xapi__statements_final') }}
    where event_family = 'survey'

)

select
    {{ oars.statement_columns() }},
    block_id,
    extra_rating as survey_rating
from statements
