{{ course_relation(order_by=['org', 'course_key', 'actor_id']) }}

with

steps as (

    select *
    from {{ ref('int_enrollment_steps') }}
    where {{ planned() }}

),

lms_enrollments as (

    select *
    from {{ ref('int_lms_enrollments') }}
    where {{ planned() }}

),

-- Nobody but enrolled learners sees a course, or is graded in it.
learner_days as (

    select
        org,
        course_key,
        actor_id
    from {{ ref('int_learner_course_days') }}
    where
        {{ planned() }}
        and course_key != ''
        and actor_id != ''
        and activity_event_count + grading_event_count > 0

),

known_from_events as (

    select
        org,
        course_key,
        actor_id,
        argMax(enrollment_mode, (emission_time, event_id)) as enrollment_mode,
        argMax(is_enrolled, (emission_time, event_id)) as is_enrolled,
        minIf(toNullable(emission_time), change = 'activation') as first_enrolled_at,
        maxIf(toNullable(emission_time), change = 'activation') as last_enrolled_at,
        maxIf(toNullable(emission_time), change = 'deactivation') as last_left_at,
        countIf(change = 'activation') as enrollment_count,
        countIf(change = 'mode_change') as mode_change_count
    from steps
    group by org, course_key, actor_id

),

-- The sources in the order in which they count.
candidates as (

    select
        1 as source_rank,
        'events' as enrollment_source,
        *
    from known_from_events
    union all
    select
        2 as source_rank,
        'lms' as enrollment_source,
        org,
        course_key,
        actor_id,
        enrollment_mode,
        is_enrolled,
        toNullable(created_at) as first_enrolled_at,
        toNullable(created_at) as last_enrolled_at,
        null::Nullable(DateTime64(6, 'UTC')) as last_left_at,
        toUInt64(is_enrolled) as enrollment_count,
        toUInt64(0) as mode_change_count
    from lms_enrollments
    union all
    select distinct
        3 as source_rank,
        'activity' as enrollment_source,
        org,
        course_key,
        actor_id,
        'unknown' as enrollment_mode,
        true as is_enrolled,
        null::Nullable(DateTime64(6, 'UTC')) as first_enrolled_at,
        null::Nullable(DateTime64(6, 'UTC')) as last_enrolled_at,
        null::Nullable(DateTime64(6, 'UTC')) as last_left_at,
        toUInt64(0) as enrollment_count,
        toUInt64(0) as mode_change_count
    from learner_days

),

learners as (

    select *
    from candidates
    order by course_key asc, actor_id asc, source_rank asc
    limit 1 by course_key, actor_id

)

select
    org,
    course_key,
    actor_id,
    enrollment_source,
    is_enrolled::Bool as is_enrolled,
    enrollment_mode,
    first_enrolled_at,
    last_enrolled_at,
    if(is_enrolled, null, last_left_at) as unenrolled_at,
    enrollment_count,
    mode_change_count
from learners
