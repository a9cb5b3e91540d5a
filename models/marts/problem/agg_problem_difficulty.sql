{{ course_relation(order_by=['org', 'course_key', 'block_id']) }}

with

learner_problems as (

    select *
    from {{ ref('fct_learner_problems') }}
    where {{ planned() }}

),

problems as (

    select
        org,
        course_key,
        block_id,
        countIf(attempt_count > 0) as learner_count,
        sum(attempt_count) as total_attempt_count,
        minIf(toNullable(attempt_count), attempt_count > 0) as min_attempt_count,
        maxIf(toNullable(attempt_count), attempt_count > 0) as max_attempt_count,
        countIf(isNotNull(is_correct_first)) as first_known_count,
        -- What names no problem is not one problem: its learners are counted, nothing is judged.
        if(
            block_id != '',
            {{ ratio('countIf(is_correct_first)', 'first_known_count') }},
            null
        ) as first_attempt_correct_ratio,
        if(
            block_id != '', {{ ratio('countIf(is_ever_correct)', 'learner_count') }}, null
        ) as correct_ratio,
        {{ average_ratio('last_score_ratio') }} as avg_score_ratio,
        countIf(hint_count > 0) as hint_learner_count,
        countIf(answer_shown_count > 0) as answer_shown_learner_count
    from learner_problems
    group by org, course_key, block_id

),

-- How a learner did at first on this problem, and on all others of the course.
first_attempts as (

    select
        course_key,
        block_id,
        actor_id,
        toUInt64(assumeNotNull(is_correct_first)) as is_correct,
        sum(is_correct) over (partition by course_key, actor_id) - is_correct as others_correct,
        count() over (partition by course_key, actor_id) - 1 as others
    from learner_problems
    where isNotNull(is_correct_first) and block_id != ''

),

-- Sorted by learner, so that the correlation does not depend on the order of rows.
pairs as (

    select
        course_key,
        block_id,
        arraySort(groupArray((actor_id, is_correct, others_correct / others))) as learners,
        arrayMap(learner -> learner.2, learners) as here,
        arrayMap(learner -> learner.3, learners) as elsewhere
    from first_attempts
    where others > 0
    group by course_key, block_id

),

correlations as (

    select
        course_key,
        block_id,
        if(
            length(learners) >= 10
            and length(arrayDistinct(here)) > 1
            and length(arrayDistinct(elsewhere)) > 1,
            -- Plus 0, for none may be a negative zero.
            round(arrayReduce('corrStable', here, elsewhere), 6) + 0,
            null
        ) as discrimination_index
    from pairs

),

blocks as (

    select
        {{ block_name_columns() }},
        is_graded
    from {{ ref('int_block_names') }}
    where {{ planned() }}

)

select
    -- ids
    problems.org as org,
    problems.course_key as course_key,
    problems.block_id as block_id,

    -- texts
    blocks.block_name as block_name,
    blocks.section_name as section_name,
    blocks.subsection_name as subsection_name,

    -- figures
    problems.learner_count as learner_count,
    problems.total_attempt_count as attempt_count,
    problems.min_attempt_count as min_attempt_count,
    problems.max_attempt_count as max_attempt_count,
    {{ ratio('problems.total_attempt_count', 'problems.learner_count') }} as avg_attempt_count,
    problems.first_attempt_correct_ratio as first_attempt_correct_ratio,
    problems.correct_ratio as correct_ratio,
    problems.avg_score_ratio as avg_score_ratio,
    problems.hint_learner_count as hint_learner_count,
    problems.answer_shown_learner_count as answer_shown_learner_count,
    correlations.discrimination_index as discrimination_index,

    -- booleans
    blocks.is_graded as is_graded
from problems
left join correlations
    on
        problems.course_key = correlations.course_key
        and problems.block_id = correlations.block_id
left join blocks on problems.course_key = blocks.course_key and problems.block_id = blocks.block_id
