with

statements as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where event_family = 'enrollment'

)

select
    {{ statement_columns() }},
    enrollment_mode,
    object_name as course_name
from statements
