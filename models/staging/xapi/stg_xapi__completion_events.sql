with

statements as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where event_family = 'completion'

)

select
    {{ statement_columns() }},
    block_id,
    is_completion,
    progress_percent,
    score_scaled
from statements
