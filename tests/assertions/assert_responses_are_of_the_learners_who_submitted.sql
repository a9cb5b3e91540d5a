-- What it says: no response of agg_problem_responses has more learners than attempted its problem,
--   and what was right at first was given at first.
-- When it matters: shares of a response are taken of the learners of the problem.
-- What to do: look at the submissions of the problem in stg_xapi__problem_events; a learner with
--   a child but without its parent points at statements that never arrived.
with

responses as (

    select *
    from {{ ref('agg_problem_responses') }}

),

submissions as (

    select *
    from {{ ref('stg_xapi__problem_events') }}
    where submission_part in ('single', 'child')

),

learners as (

    select
        course_key,
        coalesce(block_id, '') as block_id,
        uniqExact(actor_id) as learner_count
    from submissions
    group by course_key, block_id

)

select
    responses.course_key as course_key,
    responses.block_id as block_id,
    responses.response as response,
    responses.first_learner_count as first_learner_count,
    responses.last_learner_count as last_learner_count,
    learners.learner_count as learner_count
from responses
left join learners
    on responses.course_key = learners.course_key and responses.block_id = learners.block_id
where
    responses.first_learner_count > learners.learner_count
    or responses.last_learner_count > learners.learner_count
    or responses.first_correct_learner_count > responses.first_learner_count
    or responses.first_learner_count + responses.last_learner_count = 0
