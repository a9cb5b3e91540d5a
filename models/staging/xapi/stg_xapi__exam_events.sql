with

statements as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where event_family = 'exam'

)

select
    {{ statement_columns() }},
    block_id,
    exam_type,
    object_name as exam_name,
    attempt_code,
    attempt_extension_id,
    attempt_started_at,
    attempt_completed_at,
    attempt_duration_seconds,
    time_limit_minutes
from statements
