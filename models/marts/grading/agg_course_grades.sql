{{ course_relation(order_by=['org', 'course_key', 'grade_band']) }}

with

-- A pass without a grade counts too, in a band of its own.
graded_learners as (

    select
        org,
        course_key,
        {{ ratio_band('course_grade_ratio') }} as grade_band,
        is_passed
    from {{ ref('fct_learner_grades') }}
    where {{ planned() }} and (isNotNull(course_grade_ratio) or is_passed)

)

select
    org,
    course_key,
    grade_band,
    count() as learner_count,
    countIf(is_passed) as passed_count
from graded_learners
group by org, course_key, grade_band
