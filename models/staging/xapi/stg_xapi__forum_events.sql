with

statements as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where event_family = 'forum'

)

select
    {{ statement_columns() }},
    thread_id,
    comment_id,
    object_name as thread_title,
    forum_post_type
from statements
