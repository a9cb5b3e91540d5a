-- What it says: the bands of agg_course_completion add up, course by course, to the enrolled
--   learners of fct_learner_course_status of whom completion is known, who completed nothing
--   among them; and nobody has completed more blocks than the learner can.
-- When it matters: a learner in no band, or over 100 %, makes the curve and the mean wrong
--   without a sign.
-- What to do: look at the course's completions in int_block_completions, whether a block that is
--   not completable any more was counted, and at int_selected_content.
with

bands as (

    select *
    from {{ ref('agg_course_completion') }}

),

statuses as (

    select *
    from {{ ref('fct_learner_course_status') }}

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

known_learners as (

    select
        course_key,
        count(completion_ratio) as learner_count,
        countIf(completion_ratio = 1) as completed_learner_count
    from statuses
    where is_enrolled
    group by course_key

),

impossible as (

    select
        course_key,
        countIf(completed_block_count > completable_block_count and isNotNull(completion_ratio))
            as learner_count
    from learners
    group by course_key

)

select
    if(known.course_key != '', known.course_key, banded.course_key) as course_key,
    banded.learner_count as learners_in_bands,
    known.learner_count as learner_count,
    impossible.learner_count as impossible_count
from known_learners as known
full outer join banded on known.course_key = banded.course_key
left join impossible on known.course_key = impossible.course_key
where
    banded.learner_count != known.learner_count
    or banded.completed_learner_count != known.completed_learner_count
    or impossible.learner_count > 0
