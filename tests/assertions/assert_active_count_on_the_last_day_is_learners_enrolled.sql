-- What it says: on the last day agg_enrollments_daily has, in each course and mode, as many active
--   learners as fct_enrollments has learners enrolled.
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

last_day as (

    select max(date) as last_date
    from daily

),

active_on_last_day as (

    select
        daily.course_key as course_key,
        daily.enrollment_mode as enrollment_mode,
        daily.active_count as active_count
    from daily
    inner join last_day on daily.date = last_day.last_date

),

enrolled_now as (

    select
        course_key,
        enrollment_mode,
        count() as enrolled_count
    from enrollments
    where is_enrolled
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
