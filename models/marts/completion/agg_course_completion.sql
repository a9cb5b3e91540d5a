{{ course_relation(order_by=['org', 'course_key', 'completion_band']) }}

with

learners as (

    select
        org,
        course_key,
        {{ ratio_band('completion_ratio') }} as completion_band,
        completion_ratio
    from {{ ref('fct_learner_completion') }}
    where {{ planned() }}

)

select
    org,
    course_key,
    completion_band,
    count() as learner_count,
    countIf(completion_ratio = 1) as completed_learner_count
from learners
group by org, course_key, completion_band
