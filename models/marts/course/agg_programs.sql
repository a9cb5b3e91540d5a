{{ course_relation(order_by=['program_key'], scope='instance', moves_with_day=true) }}

with

program_courses as (

    select *
    from {{ ref('stg_operator__programs') }}

),

programs as (

    select
        program_key,
        max(program_name) as program_name,
        count() as course_count
    from program_courses
    group by program_key

),

statuses as (

    select
        program_courses.program_key as program_key,
        status.actor_id as actor_id,
        status.is_enrolled as is_enrolled,
        status.enrollment_source = 'activity' as is_presumed,
        status.is_passed as is_passed,
        status.course_grade_ratio as course_grade_ratio,
        status.completion_ratio as completion_ratio,
        status.risk_level as risk_level,
        status.last_active_at as last_active_at
    from program_courses
    inner join {{ ref('fct_learner_course_status') }} as status
        on program_courses.course_key = status.course_key

),

-- Over the courses a learner is enrolled in: mean grade and completion, and the worst risk.
-- Presumed is only who is so in all.
program_learners as (

    select
        program_key,
        actor_id,
        countIf(is_passed) as passed_course_count,
        {{ average_ratio('course_grade_ratio', 'is_enrolled') }} as mean_grade_ratio,
        {{ average_ratio('completion_ratio', 'is_enrolled') }} as mean_completion_ratio,
        {{ worst_risk('risk_level') }} as worst_risk_level,
        max(is_enrolled) as is_enrolled_in_any,
        min(is_presumed) as is_presumed_in_all,
        max(last_active_at) as last_active_in_any_at
    from statuses
    group by program_key, actor_id

),

learners as (

    select
        program_learners.program_key as program_key,
        program_learners.is_enrolled_in_any as is_enrolled,
        program_learners.is_presumed_in_all as is_presumed,
        program_learners.passed_course_count = programs.course_count as is_passed,
        program_learners.mean_grade_ratio as course_grade_ratio,
        program_learners.mean_completion_ratio as completion_ratio,
        program_learners.worst_risk_level as risk_level,
        {{ day_of('program_learners.last_active_in_any_at') }} as last_active_date,
        {{ day_of(now_at()) }} as today
    from program_learners
    inner join programs on program_learners.program_key = programs.program_key

),

measures as (

    select
        program_key,
        {{ learner_measures() }}
    from learners
    group by program_key

),

lms_counts as (

    select
        program_courses.program_key as program_key,
        toNullable(uniqExactIf(lms.user_id, lms.is_enrolled)) as lms_enrolled_count
    from program_courses
    inner join {{ ref('stg_event_sink__course_enrollments') }} as lms
        on program_courses.course_key = lms.course_key
    group by program_key

),

last_events as (

    select
        program_courses.program_key as program_key,
        max(courses.last_event_at) as last_event_at
    from program_courses
    inner join {{ ref('agg_courses') }} as courses
        on program_courses.course_key = courses.course_key
    group by program_key

)

select
    -- ids
    programs.program_key as program_key,

    -- texts
    programs.program_name as program_name,

    -- figures
    programs.course_count as course_count,
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

    -- times
    last_events.last_event_at as last_event_at
from programs
left join measures on programs.program_key = measures.program_key
left join lms_counts on programs.program_key = lms_counts.program_key
left join last_events on programs.program_key = last_events.program_key
