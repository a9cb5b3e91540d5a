{{ course_relation(order_by=['org', 'course_key', 'event_type', 'date']) }}

with

sent_events as (

    select *
    from {{ ref('stg_xapi__forum_events') }}
    where {{ counted() }}

),

forum_events as (

    select
        coalesce(org, '') as org,
        assumeNotNull(course_key) as course_key,
        actor_id,
        event_type,
        {{ day_of('emission_time') }} as date
    from sent_events

)

select
    org,
    course_key,
    event_type,
    date,
    count() as event_count,
    uniqExact(actor_id) as learner_count
from forum_events
group by org, course_key, event_type, date
