-- What it says: agg_subsection_grades has each subsection of fct_learner_subsection_grades, with
--   as many learners as have a score there, and its median lies between the least and the best.
-- When it matters: a mean over the wrong learners looks like any other mean.
-- What to do: build both with --full-refresh; if the rows stay, the aggregate is wrong.
with

subsections as (

    select
        *,
        1 as is_there
    from {{ ref('agg_subsection_grades') }}

),

grades as (

    select *
    from {{ ref('fct_learner_subsection_grades') }}

),

scored as (

    select
        course_key,
        block_id,
        count(score_ratio) as learner_count,
        min(score_ratio) as least_score_ratio,
        max(score_ratio) as best_score_ratio
    from grades
    group by course_key, block_id

)

select
    scored.course_key as course_key,
    scored.block_id as block_id,
    subsections.learner_count as learner_count,
    scored.learner_count as learners_with_a_score
from scored
full outer join subsections
    on scored.course_key = subsections.course_key and scored.block_id = subsections.block_id
where
    scored.learner_count != subsections.learner_count
    or scored.course_key = ''
    or subsections.is_there = 0
    or subsections.median_score_ratio < scored.least_score_ratio
    or subsections.median_score_ratio > scored.best_score_ratio
