-- What it says: agg_courses has every course of dim_courses, with the learners that fct_enrollments
--   has as enrolled, and the trailing learners of today in agg_course_activity_daily, where a
--   calendar that has had nothing for long ends before it.
-- When it matters: the first figures that anybody sees of a course must be those of the others.
-- What to do: compare the learners of the course in fct_learner_course_status with the mart that
--   differs; trailing days that differ point at a mart that did not move with the day.
with

courses as (

    select *
    from {{ ref('agg_courses') }}

),

known_courses as (

    select *
    from {{ ref('dim_courses') }}

),

enrollments as (

    select
        course_key,
        countIf(is_enrolled) as enrolled_count,
        count() as ever_enrolled_count,
        countIf(enrollment_source = 'activity') as presumed_count
    from {{ ref('fct_enrollments') }}
    group by course_key

),

last_days as (

    select
        course_key,
        active_learner_7d_count,
        active_learner_30d_count
    from {{ ref('agg_course_activity_daily') }}
    where date = {{ day_of(now_at()) }}

)

select
    known_courses.course_key as course_key,
    courses.enrolled_count as enrolled_count,
    enrollments.enrolled_count as learners_enrolled,
    courses.ever_enrolled_count as ever_enrolled_count,
    enrollments.ever_enrolled_count as learners_ever_enrolled,
    courses.unenrolled_active_count as unenrolled_active_count,
    enrollments.presumed_count as learners_presumed,
    courses.active_learner_7d_count as active_learner_7d_count,
    last_days.active_learner_7d_count as active_7d_on_the_last_day,
    courses.active_learner_30d_count as active_learner_30d_count,
    last_days.active_learner_30d_count as active_30d_on_the_last_day
from known_courses
left join courses on known_courses.course_key = courses.course_key
left join enrollments on known_courses.course_key = enrollments.course_key
left join last_days on known_courses.course_key = last_days.course_key
where
    courses.course_key = ''
    or courses.enrolled_count != enrollments.enrolled_count
    or courses.ever_enrolled_count != enrollments.ever_enrolled_count
    or courses.unenrolled_active_count != enrollments.presumed_count
    or courses.active_learner_7d_count != last_days.active_learner_7d_count
    or courses.active_learner_30d_count != last_days.active_learner_30d_count
