{{ course_relation(order_by=['org', 'course_key', 'completion_band']) }}

with

-- Where no completion was ever sent, or no structure is known, nothing is known of anybody; else
-- who completed nothing is at 0.
learners as (

    select
        org,
        course_key,
        assumeNotNull({{ ratio('completed_block_count', 'completable_block_count') }})
            as completion_ratio
    from {{ ref('int_learner_progress') }}
    where {{ planned() }} and is_enrolled and completable_block_count > 0

)

select
    org,
    course_key,
    {{ ratio_band('completion_ratio') }} as completion_band,
    count() as learner_count,
    countIf(completion_ratio = 1) as completed_learner_count
from learners
group by org, course_key, completion_band
