{{ course_relation(order_by=['org', 'course_key', 'actor_id']) }}

with

enrollments as (

    select
        org,
        course_key,
        actor_id,
        is_enrolled,
        toNullable(enrollment_mode) as enrollment_mode,
        last_enrolled_at
    from {{ ref('fct_enrollments') }}
    where {{ planned() }} and enrollment_count > 0

),

activity as (

    select
        org,
        course_key,
        actor_id,
        count() as active_day_count,
        max(last_active_at) as last_active_at
    from {{ ref('int_learner_course_days') }}
    where {{ planned() }} and activity_event_count > 0
    group by org, course_key, actor_id

),

learners as (

    select
        org,
        course_key,
        actor_id
    from enrollments
    union distinct
    select
        org,
        course_key,
        actor_id
    from activity

),

content as (

    select *
    from {{ ref('int_course_content') }}
    where {{ planned() }}

),

content_counts as (

    select
        course_key,
        countIf(kind = 'problem') as problem_count,
        countIf(kind = 'video') as video_count
    from content
    group by course_key

),

attempt_counts as (

    select *
    from {{ ref('int_learner_content_counts') }}
    where {{ planned() }}

),

completions as (

    select *
    from {{ ref('fct_learner_completion') }}
    where {{ planned() }}

),

-- Of a course of which no completion was ever sent nothing is known.
completable_counts as (

    select
        course_key,
        toNullable(max(completable_block_count)) as completable_block_count
    from completions
    group by course_key

),

grades as (

    select *
    from {{ ref('fct_learner_grades') }}
    where {{ planned() }}

)

select
    -- ids
    learners.org as org,
    learners.course_key as course_key,
    learners.actor_id as actor_id,

    -- texts
    coalesce(enrollments.enrollment_mode, 'unknown') as enrollment_mode,

    -- figures
    activity.active_day_count as active_day_count,
    content_counts.problem_count as problem_count,
    attempt_counts.attempted_problem_count as attempted_problem_count,
    attempt_counts.judged_problem_count as judged_problem_count,
    attempt_counts.solved_problem_count as solved_problem_count,
    content_counts.video_count as video_count,
    attempt_counts.watched_video_count as watched_video_count,
    completable_counts.completable_block_count as completable_block_count,
    if(
        isNull(completable_counts.completable_block_count),
        null,
        completions.completed_block_count
    ) as completed_block_count,
    grades.course_grade_ratio as course_grade_ratio,

    -- booleans
    enrollments.is_enrolled as is_enrolled,
    grades.is_passed as is_passed,

    -- times
    enrollments.last_enrolled_at as enrolled_at,
    activity.last_active_at as last_active_at
from learners
left join enrollments
    on
        learners.course_key = enrollments.course_key
        and learners.actor_id = enrollments.actor_id
left join activity
    on learners.course_key = activity.course_key and learners.actor_id = activity.actor_id
left join attempt_counts
    on
        learners.course_key = attempt_counts.course_key
        and learners.actor_id = attempt_counts.actor_id
left join content_counts on learners.course_key = content_counts.course_key
left join completions
    on
        learners.course_key = completions.course_key
        and learners.actor_id = completions.actor_id
left join completable_counts on learners.course_key = completable_counts.course_key
left join grades
    on learners.course_key = grades.course_key and learners.actor_id = grades.actor_id
