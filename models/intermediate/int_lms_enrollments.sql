{{ course_relation(order_by=['course_key', 'actor_id'], moves_with_day=true) }}

-- "Now" is known once base is done, and so is whatever rests on it.
-- depends_on: {{ ref('dim_courses') }}
with

-- "Now" counts by its day, for within a day nothing makes a relation anew.
made_enrollments as (

    select *
    from {{ ref('stg_event_sink__course_enrollments') }}
    where
        {{ planned() }}
        and {{ day_of('created_at') }} <= {{ day_of(now_at()) }}

),

external_ids as (

    select *
    from {{ ref('stg_event_sink__external_ids') }}

),

learners as (

    select
        enrollments.course_key as course_key,
        external_ids.actor_id as actor_id,
        enrollments.enrollment_mode as enrollment_mode,
        enrollments.is_enrolled as is_enrolled,
        enrollments.created_at as created_at
    from made_enrollments as enrollments
    inner join external_ids on enrollments.user_id = external_ids.user_id

)

select
    coalesce({{ course_org('course_key') }}, '') as org,
    course_key,
    actor_id,
    coalesce(enrollment_mode, 'unknown')::String as enrollment_mode,
    is_enrolled,
    assumeNotNull(created_at) as created_at
from learners
where not {{ is_excluded() }}
