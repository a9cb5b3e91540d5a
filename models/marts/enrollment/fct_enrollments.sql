{{ course_relation(order_by=['org', 'course_key', 'actor_id']) }}

with

steps as (

    select *
    from {{ ref('int_enrollment_steps') }}
    where {{ planned() }}

),

learners as (

    select
        org,
        course_key,
        actor_id,
        argMax(is_enrolled, (emission_time, event_id)) as is_enrolled,
        argMax(enrollment_mode, (emission_time, event_id)) as last_mode,
        minIf(toNullable(emission_time), change = 'activation') as first_enrolled_at,
        maxIf(toNullable(emission_time), change = 'activation') as last_enrolled_at,
        maxIf(toNullable(emission_time), change = 'deactivation') as last_left_at,
        countIf(change = 'activation') as enrollment_count,
        countIf(change = 'mode_change') as mode_change_count
    from steps
    group by org, course_key, actor_id

)

select
    org,
    course_key,
    actor_id,
    is_enrolled,
    last_mode as enrollment_mode,
    first_enrolled_at,
    last_enrolled_at,
    if(is_enrolled, null, last_left_at) as unenrolled_at,
    enrollment_count,
    mode_change_count
from learners
