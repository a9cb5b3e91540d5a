-- What it says: the bands of agg_course_completion add up, course by course, to the learners of
--   fct_learner_completion, and nobody has completed more blocks than the course has.
-- When it matters: a learner in no band, or over 100 %, makes the curve wrong without a sign.
-- What to do: look at the course's completions in int_block_completions and whether a block that
--   is not completable any more was counted.
with

bands as (

    select *
    from {{ ref('agg_course_completion') }}

),

learners as (

    select *
    from {{ ref('fct_learner_completion') }}

),

banded as (

    select
        course_key,
        sum(learner_count) as learner_count,
        sum(completed_learner_count) as completed_learner_count
    from bands
    group by course_key

),

counted_learners as (

    select
        course_key,
        count() as learner_count,
        countIf(completion_ratio = 1) as completed_learner_count,
        countIf(completed_block_count > completable_block_count and isNotNull(completion_ratio))
            as impossible_count
    from learners
    group by course_key

)

select
    if(learners.course_key != '', learners.course_key, banded.course_key) as course_key,
    banded.learner_count as learners_in_bands,
    learners.learner_count as learner_count,
    learners.impossible_count as impossible_count
from counted_learners as learners
full outer join banded on learners.course_key = banded.course_key
where
    banded.learner_count != learners.learner_count
    or banded.completed_learner_count != learners.completed_learner_count
    or learners.impossible_count > 0
