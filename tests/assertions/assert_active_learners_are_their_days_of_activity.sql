-- What it says: agg_course_activity_daily has, day by day, as many active learners as the course
--   has rows in fct_learner_course_days.
-- When it matters: distinct learners over a range are counted from the one, those of a day read
--   from the other.
-- What to do: look for days without activity among the learner's, or a course day that is missing.
with

course_days as (

    select *
    from {{ ref('agg_course_activity_daily') }}

),

learner_days as (

    select *
    from {{ ref('fct_learner_course_days') }}

),

learners_by_day as (

    select
        course_key,
        date,
        count() as learner_count
    from learner_days
    group by course_key, date

)

select
    if(courses.course_key != '', courses.course_key, learners.course_key) as course_key,
    greatest(courses.date, learners.date) as date,
    courses.active_learner_count as active_learner_count,
    learners.learner_count as learners_with_activity
from course_days as courses
full outer join learners_by_day as learners
    on courses.course_key = learners.course_key and courses.date = learners.date
where courses.active_learner_count != learners.learner_count
