-- What it says: on its last day agg_enrollments_daily has, in each course and mode, as many active
--   learners as fct_enrollments has learners enrolled by events or by the LMS.
-- When it matters: the enrolment dashboard shows a curve from the one and a total from the other.
-- What to do: look for the course's learners whose steps in int_enrollment_steps skip a state, then
--   build both marts with --full-refresh; if the rows stay, one of the two models is wrong.
with

daily as (

    select *
    from {{ ref('agg_enrollments_daily') }}

),

enrollments as (

    select *
    from {{ ref('fct_enrollments') }}

),

active_on_last_day as (

    select
        course_key,
        enrollment_mode,
        argMax(active_count, date) as active_count
    from daily
    group by course_key, enrollment_mode

),

enrolled_now as (

    select
        course_key,
        enrollment_mode,
        count() as enrolled_count
    from enrollments
    where is_enrolled and enrollment_source != 'activity'
    group by course_key, enrollment_mode

)

select
    if(active.course_key != '', active.course_key, enrolled.course_key) as course_key,
    if(active.course_key != '', active.enrollment_mode, enrolled.enrollment_mode)
        as enrollment_mode,
    active.active_count as active_count,
    enrolled.enrolled_count as enrolled_count
from active_on_last_day as active
full outer join enrolled_now as enrolled
    on
        active.course_key = enrolled.course_key
        and active.enrollment_mode = enrolled.enrollment_mode
where active.active_count != enrolled.enrolled_count
