{{ course_relation(order_by=['org', 'course_key', 'block_id', 'actor_id']) }}

with

sent_events as (

    select *
    from {{ ref('stg_xapi__problem_events') }}
    where {{ counted() }}

),

problem_events as (

    select
        {{ course_learner_keys() }},
        coalesce(block_id, '') as block_id,
        event_type,
        (emission_time, event_id) as moment,
        emission_time,
        coalesce(submission_part in ('single', 'parent'), false) as is_submission,
        multiIf(
            not is_submission, null,
            submission_part = 'single' and isNotNull(is_success), is_success,
            score_max > 0, score_raw >= score_max,
            null
        ) as is_correct,
        {{ score_ratio() }} as score_ratio,
        if(attempt_number >= 1, attempt_number, null) as attempt_number
    from sent_events

),

learners as (

    select
        org,
        course_key,
        block_id,
        actor_id,
        greatest(
            countIf(is_submission),
            toUInt64(coalesce(maxIf(attempt_number, is_submission), 0))
        ) as attempt_count,
        minIf(toNullable(emission_time), is_submission) as first_attempt_at,
        maxIf(toNullable(emission_time), is_submission) as last_attempt_at,
        -- Values that may be NULL go in a tuple, for argMin and argMax skip NULL.
        tupleElement(argMinIf(tuple(attempt_number), moment, is_submission), 1)
            as first_attempt_number,
        if(
            coalesce(first_attempt_number, 1) > 1,
            null,
            tupleElement(argMinIf(tuple(is_correct), moment, is_submission), 1)
        ) as is_correct_first,
        tupleElement(argMaxIf(tuple(is_correct), moment, is_submission), 1) as is_correct_last,
        max(is_correct) as is_ever_correct,
        minIf(moment, is_correct) as first_correct_moment,
        if(
            is_ever_correct,
            coalesce(
                tupleElement(argMinIf(tuple(toUInt64(attempt_number)), moment, is_correct), 1),
                arrayCount(
                    submitted -> submitted <= first_correct_moment,
                    groupArrayIf(moment, is_submission)
                )
            ),
            null
        ) as attempts_to_correct,
        tupleElement(argMaxIf(tuple(score_ratio), moment, is_submission), 1) as last_score_ratio,
        maxIf(score_ratio, is_submission) as best_score_ratio,
        countIf(event_type = 'hint_displayed') as hint_count,
        countIf(event_type = 'answer_shown') as answer_shown_count,
        (answer_shown_count > 0 and (
            not coalesce(is_ever_correct, false)
            or minIf(moment, event_type = 'answer_shown') < first_correct_moment
        ))::Bool as is_answer_shown_before_correct
    from problem_events
    group by org, course_key, block_id, actor_id

),

blocks as (

    select {{ block_name_columns() }}
    from {{ ref('int_block_names') }}
    where {{ planned() }}

)

select
    -- ids
    learners.org as org,
    learners.course_key as course_key,
    learners.block_id as block_id,
    learners.actor_id as actor_id,

    -- texts
    blocks.block_name as block_name,
    blocks.section_name as section_name,
    blocks.subsection_name as subsection_name,

    -- figures
    learners.attempt_count as attempt_count,
    learners.attempts_to_correct as attempts_to_correct,
    learners.last_score_ratio as last_score_ratio,
    learners.best_score_ratio as best_score_ratio,
    learners.hint_count as hint_count,
    learners.answer_shown_count as answer_shown_count,

    -- booleans
    learners.is_correct_first as is_correct_first,
    learners.is_correct_last as is_correct_last,
    learners.is_ever_correct as is_ever_correct,
    learners.is_answer_shown_before_correct as is_answer_shown_before_correct,

    -- times
    learners.first_attempt_at as first_attempt_at,
    learners.last_attempt_at as last_attempt_at
from learners
left join blocks on learners.course_key = blocks.course_key and learners.block_id = blocks.block_id
