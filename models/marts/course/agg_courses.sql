{{ course_relation(order_by=['org', 'course_key'], moves_with_day=true) }}

with

courses as (

    select
        org,
        course_key,
        course_name
    from {{ ref('dim_courses') }}
    where {{ planned() }}

),

learners as (

    select
        course_key,
        is_enrolled,
        enrollment_source = 'activity' as is_presumed,
        is_passed,
        course_grade_ratio,
        completion_ratio,
        risk_level,
        {{ day_of('last_active_at') }} as last_active_date,
        {{ day_of(now_at()) }} as today
    from {{ ref('fct_learner_course_status') }}
    where {{ planned() }}

),

measures as (

    select
        course_key,
        {{ learner_measures() }}
    from learners
    group by course_key

),

lms_counts as (

    select
        course_key,
        toNullable(countIf(is_enrolled)) as lms_enrolled_count
    from {{ ref('stg_event_sink__course_enrollments') }}
    where {{ planned() }}
    group by course_key

),

problems as (

    select
        course_key,
        uniqExactIf(actor_id, attempt_count > 0) as attempting_learner_count,
        countIf(isNotNull(is_correct_first)) as first_known_count,
        {{ ratio('countIf(is_correct_first)', 'first_known_count') }}
            as first_attempt_correct_ratio,
        {{ ratio('sum(attempt_count)', 'countIf(attempt_count > 0)') }} as avg_attempt_count
    from {{ ref('fct_learner_problems') }}
    where {{ planned() }}
    group by course_key

),

-- Seconds have three places: as whole numbers their sum is the same in any order.
videos as (

    select
        course_key,
        uniqExactIf(block_id, play_count > 0) as viewed_video_count,
        uniqExactIf(actor_id, play_count > 0) as viewing_learner_count,
        sum(toInt64(round(watched_seconds * 1000))) as watched_ms,
        sum(toInt64(round(played_seconds * 1000))) as played_ms,
        {{ average_ratio('watched_ratio', 'play_count > 0') }} as avg_watched_ratio,
        {{ ratio('(played_ms - watched_ms)', 'played_ms') }} as rewatched_ratio
    from {{ ref('fct_learner_videos') }}
    where {{ planned() }}
    group by course_key

),

last_events as (

    select
        course_key,
        toNullable(max(last_event_at)) as last_event_at
    from {{ ref('int_learner_course_days') }}
    where {{ planned() }}
    group by course_key

)

select
    -- ids
    courses.org as org,
    courses.course_key as course_key,

    -- texts
    courses.course_name as course_name,

    -- figures
    measures.enrolled_count as enrolled_count,
    measures.ever_enrolled_count as ever_enrolled_count,
    measures.unenrolled_active_count as unenrolled_active_count,
    lms_counts.lms_enrolled_count as lms_enrolled_count,
    measures.active_learner_7d_count as active_learner_7d_count,
    measures.active_learner_30d_count as active_learner_30d_count,
    measures.passed_count as passed_count,
    measures.passed_ratio as passed_ratio,
    measures.graded_count as graded_count,
    measures.avg_grade_ratio as avg_grade_ratio,
    measures.median_grade_ratio as median_grade_ratio,
    measures.avg_completion_ratio as avg_completion_ratio,
    measures.at_risk_count as at_risk_count,
    measures.high_risk_count as high_risk_count,
    measures.gone_count as gone_count,
    problems.attempting_learner_count as attempting_learner_count,
    problems.first_attempt_correct_ratio as first_attempt_correct_ratio,
    problems.avg_attempt_count as avg_attempt_count,
    videos.viewed_video_count as viewed_video_count,
    videos.viewing_learner_count as viewing_learner_count,
    videos.watched_ms / 1000 as watched_seconds,
    videos.avg_watched_ratio as avg_watched_ratio,
    videos.rewatched_ratio as rewatched_ratio,

    -- times
    last_events.last_event_at as last_event_at
from courses
left join measures on courses.course_key = measures.course_key
left join lms_counts on courses.course_key = lms_counts.course_key
left join problems on courses.course_key = problems.course_key
left join videos on courses.course_key = videos.course_key
left join last_events on courses.course_key = last_events.course_key
