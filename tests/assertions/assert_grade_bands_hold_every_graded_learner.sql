-- What it says: the bands of agg_course_grades add up, course by course, to the learners of
--   fct_learner_grades with a calculated grade or a pass, and to the passes that agg_courses
--   counts.
-- When it matters: the distribution of grades is read next to the numbers of learners who
--   passed.
-- What to do: look for a grade at the edge of a band, or a course that only one of the two has.
with

bands as (

    select *
    from {{ ref('agg_course_grades') }}

),

grades as (

    select *
    from {{ ref('fct_learner_grades') }}

),

banded as (

    select
        course_key,
        sum(learner_count) as learner_count,
        sum(passed_count) as passed_count
    from bands
    group by course_key

),

graded as (

    select
        course_key,
        countIf(isNotNull(course_grade_ratio) or is_passed) as learner_count
    from grades
    group by course_key

),

courses as (

    select
        course_key,
        passed_count
    from {{ ref('agg_courses') }}

)

select
    courses.course_key as course_key,
    banded.learner_count as learners_in_bands,
    graded.learner_count as graded_learners,
    banded.passed_count as passed_in_bands,
    courses.passed_count as passed_learners
from courses
left join graded on courses.course_key = graded.course_key
left join banded on courses.course_key = banded.course_key
where
    banded.learner_count != graded.learner_count
    or banded.passed_count != courses.passed_count
