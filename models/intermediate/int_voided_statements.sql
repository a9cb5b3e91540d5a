{{ course_relation(order_by=['event_id'], scope='instance') }}

with

voiding_statements as (

    select *
    from {{ ref('stg_xapi__other_events') }}
    where event_type = 'statement_voided' and emission_time <= {{ now_at() }}

)

select
    assumeNotNull(voided_event_id) as event_id,
    min(emission_time) as voided_at
from voiding_statements
where isNotNull(voided_event_id)
group by event_id
