with

statements as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where event_family = 'grading'

)

select
    {{ statement_columns() }},
    block_id,
    object_name as course_name,
    letter_grade,
    is_success,
    score_raw,
    score_min,
    score_max,
    score_scaled
from statements
