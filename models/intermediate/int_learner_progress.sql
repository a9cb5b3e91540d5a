{{ course_relation(order_by=['org', 'course_key', 'actor_id']) }}

with

-- Everyone ever enrolled, as far as anything tells: so everyone active too.
enrollments as (

    select *
    from {{ ref('fct_enrollments') }}
    where {{ planned() }}

),

activity as (

    select
        course_key,
        actor_id,
        countIf(activity_event_count > 0) as active_day_count,
        max(last_active_at) as last_active_at,
        min(toNullable(first_event_at)) as first_event_at
    from {{ ref('int_learner_course_days') }}
    where {{ planned() }}
    group by course_key, actor_id

),

content as (

    select *
    from {{ ref('int_course_content') }}
    where {{ planned() }}

),

selected_content as (

    select *
    from {{ ref('int_selected_content') }}
    where {{ planned() }} and subsection_id = ''

),

-- What counts for every learner, under '', and what more for those who were given more.
countable as (

    select
        course_key,
        '' as actor_id,
        kind,
        toUInt64(1) as block_count
    from content
    where isNull(selector_id)
    union all
    select
        course_key,
        actor_id,
        kind,
        block_count
    from selected_content

),

content_counts as (

    select
        course_key,
        actor_id,
        sumIf(block_count, kind = 'problem') as problem_count,
        sumIf(block_count, kind = 'video') as video_count,
        sumIf(block_count, kind = 'completable') as completable_block_count
    from countable
    group by course_key, actor_id

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
completion_courses as (

    select distinct course_key
    from completions

),

grades as (

    select *
    from {{ ref('fct_learner_grades') }}
    where {{ planned() }}

)

select
    -- ids
    enrollments.org as org,
    enrollments.course_key as course_key,
    enrollments.actor_id as actor_id,

    -- texts
    enrollments.enrollment_source as enrollment_source,
    enrollments.enrollment_mode as enrollment_mode,

    -- figures
    activity.active_day_count as active_day_count,
    of_all.problem_count + more.problem_count as problem_count,
    attempt_counts.attempted_problem_count as attempted_problem_count,
    attempt_counts.judged_problem_count as judged_problem_count,
    attempt_counts.solved_problem_count as solved_problem_count,
    of_all.video_count + more.video_count as video_count,
    attempt_counts.watched_video_count as watched_video_count,
    if(
        completion_courses.course_key = '',
        null,
        of_all.completable_block_count + more.completable_block_count
    ) as completable_block_count,
    if(completion_courses.course_key = '', null, completions.completed_block_count)
        as completed_block_count,
    grades.course_grade_ratio as course_grade_ratio,

    -- booleans
    enrollments.is_enrolled as is_enrolled,
    grades.is_passed as is_passed,

    -- times
    enrollments.last_enrolled_at as enrolled_at,
    activity.first_event_at as first_event_at,
    activity.last_active_at as last_active_at
from enrollments
left join activity
    on
        enrollments.course_key = activity.course_key
        and enrollments.actor_id = activity.actor_id
left join attempt_counts
    on
        enrollments.course_key = attempt_counts.course_key
        and enrollments.actor_id = attempt_counts.actor_id
left join content_counts as of_all
    on enrollments.course_key = of_all.course_key and of_all.actor_id = ''
left join content_counts as more
    on enrollments.course_key = more.course_key and enrollments.actor_id = more.actor_id
left join completions
    on
        enrollments.course_key = completions.course_key
        and enrollments.actor_id = completions.actor_id
left join completion_courses on enrollments.course_key = completion_courses.course_key
left join grades
    on enrollments.course_key = grades.course_key and enrollments.actor_id = grades.actor_id
