{{ course_relation(order_by=['org', 'course_key', 'target']) }}

with

sent_events as (

    select *
    from {{ ref('stg_xapi__navigation_events') }}
    where {{ counted() }}

),

clicks as (

    select
        {{ course_learner_keys() }},
        {{ target_of_url('target_url') }} as target
    from sent_events
    where event_type = 'link_clicked'

)

select
    org,
    course_key,
    target,
    count() as click_count,
    uniqExact(actor_id) as learner_count
from clicks
group by org, course_key, target
