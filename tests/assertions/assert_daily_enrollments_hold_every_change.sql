-- What it says: the days of agg_enrollments_daily add up, course by course, to the changes in
--   fct_enrollment_changes and the learners whom the LMS alone has as active, and as many mode
--   changes go out of a mode as come into one.
-- When it matters: a day missing from the calendar would lose changes without any other sign.
-- What to do: compare the days of the course in both marts; the first day that differs shows
--   what the calendar or the join leaves out.
with

changes as (

    select
        course_key,
        change
    from {{ ref('fct_enrollment_changes') }}
    union all
    select
        course_key,
        'activation' as change
    from {{ ref('fct_enrollments') }}
    where enrollment_source = 'lms' and is_enrolled

),

daily as (

    select *
    from {{ ref('agg_enrollments_daily') }}

),

changes_by_course as (

    select
        course_key,
        countIf(change = 'activation') as activation_count,
        countIf(change = 'deactivation') as deactivation_count,
        countIf(change = 'mode_change') as mode_change_count
    from changes
    group by course_key

),

days_by_course as (

    select
        course_key,
        sum(activation_count) as activation_count,
        sum(deactivation_count) as deactivation_count,
        sum(mode_change_in_count) as mode_change_in_count,
        sum(mode_change_out_count) as mode_change_out_count
    from daily
    group by course_key

)

select
    if(changes.course_key != '', changes.course_key, days.course_key) as course_key,
    changes.activation_count as activation_count,
    days.activation_count as daily_activation_count,
    changes.deactivation_count as deactivation_count,
    days.deactivation_count as daily_deactivation_count,
    changes.mode_change_count as mode_change_count,
    days.mode_change_in_count as daily_mode_change_in_count,
    days.mode_change_out_count as daily_mode_change_out_count
from changes_by_course as changes
full outer join days_by_course as days on changes.course_key = days.course_key
where
    changes.activation_count != days.activation_count
    or changes.deactivation_count != days.deactivation_count
    or changes.mode_change_count != days.mode_change_in_count
    or changes.mode_change_count != days.mode_change_out_count
