-- What it says: agg_problem_difficulty has, problem by problem, the attempts and the learners with
--   an attempt of fct_learner_problems.
-- When it matters: average attempts, the project's first question to a problem, rest on both.
-- What to do: see whether the problem is missing from one side or only counted differently; a
--   missing one points at the join with dim_course_blocks, which must lose no row and double none.
with

problems as (

    select *
    from {{ ref('agg_problem_difficulty') }}

),

learner_problems as (

    select *
    from {{ ref('fct_learner_problems') }}

),

learners_by_problem as (

    select
        course_key,
        block_id,
        count() as row_count,
        countIf(attempt_count > 0) as learner_count,
        sum(attempt_count) as total_attempt_count
    from learner_problems
    group by course_key, block_id

)

select
    if(problems.course_key != '', problems.course_key, learners.course_key) as course_key,
    if(problems.course_key != '', problems.block_id, learners.block_id) as block_id,
    problems.learner_count as learner_count,
    learners.learner_count as learners_with_attempts,
    problems.attempt_count as attempt_count,
    learners.total_attempt_count as attempts_of_learners
from problems
full outer join learners_by_problem as learners
    on problems.course_key = learners.course_key and problems.block_id = learners.block_id
where
    problems.course_key = ''
    or learners.row_count = 0
    or problems.learner_count != learners.learner_count
    or problems.attempt_count != learners.total_attempt_count
