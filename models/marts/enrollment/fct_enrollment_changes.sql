{{ course_relation(order_by=['org', 'course_key', 'actor_id', 'changed_at', 'event_id']) }}

with

steps as (

    select *
    from {{ ref('int_enrollment_steps') }}
    where {{ planned() }} and isNotNull(change)

)

select
    org,
    course_key,
    actor_id,
    event_id,
    assumeNotNull(change) as change,
    enrollment_mode,
    previous_mode,
    emission_time as changed_at
from steps
