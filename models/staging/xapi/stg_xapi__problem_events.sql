with

statements as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where event_family = 'problem'

)

select
    {{ statement_columns() }},
    block_id,
    question_id,
    parent_statement_id,
    submission_part,
    attempt_number,
    is_success,
    score_raw,
    score_min,
    score_max,
    score_scaled,
    response,
    response_choices,
    is_response_listed,
    interaction_type,
    object_name as problem_name,
    object_description as question_text,
    hint_index
from statements
