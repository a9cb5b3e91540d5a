{{ course_relation(order_by=['org'], scope='instance', moves_with_day=true) }}

with

organizations as (

    select
        org,
        count() as course_count,
        countIf(is_structure_known) as published_course_count,
        max(last_published_at) as last_published_at
    from {{ ref('dim_courses') }}
    group by org

),

statuses as (

    select
        org,
        actor_id,
        is_enrolled,
        enrollment_source = 'activity' as is_presumed_here,
        coalesce(is_passed, false) as is_passed_here,
        course_grade_ratio,
        completion_ratio,
        risk_level,
        last_active_at
    from {{ ref('fct_learner_course_status') }}

),

-- Over the courses of the organization that a learner is in: the worst risk, and any pass.
learners as (

    select
        org,
        actor_id,
        max(is_enrolled) as is_enrolled,
        min(is_presumed_here) as is_presumed,
        max(is_passed_here) as is_passed,
        {{ average_ratio('course_grade_ratio', 'statuses.is_enrolled') }} as course_grade_ratio,
        {{ average_ratio('completion_ratio', 'statuses.is_enrolled') }} as completion_ratio,
        {{ worst_risk('statuses.risk_level') }} as risk_level,
        {{ day_of('max(last_active_at)') }} as last_active_date,
        {{ day_of(now_at()) }} as today
    from statuses
    group by org, actor_id

),

measures as (

    select
        org,
        {{ learner_measures() }}
    from learners
    group by org

),

last_events as (

    select
        org,
        max(last_event_at) as last_event_at
    from {{ ref('agg_courses') }}
    group by org

)

select
    -- ids
    organizations.org as org,

    -- figures
    organizations.course_count as course_count,
    organizations.published_course_count as published_course_count,
    measures.enrolled_count as enrolled_count,
    measures.ever_enrolled_count as ever_enrolled_count,
    measures.active_learner_7d_count as active_learner_7d_count,
    measures.active_learner_30d_count as active_learner_30d_count,
    measures.passed_count as passed_count,
    measures.passed_ratio as passed_ratio,
    measures.avg_completion_ratio as avg_completion_ratio,
    measures.at_risk_count as at_risk_count,

    -- times
    organizations.last_published_at as last_published_at,
    last_events.last_event_at as last_event_at
from organizations
left join measures on organizations.org = measures.org
left join last_events on organizations.org = last_events.org
