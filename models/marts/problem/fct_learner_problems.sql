{{ course_relation(order_by=['org', 'course_key', 'block_id', 'actor_id']) }}

with

-- An old check in the browser may name the page that the problem is on.
sent_events as (

    select *
    from {{ ref('stg_xapi__problem_events') }}
    where
        {{ counted() }}
        and isNotNull(actor_id)
        and not {{ is_outline_key("coalesce(block_id, '')") }}

),

problem_events as (

    select
        {{ course_learner_keys() }},
        coalesce(block_id, '') as block_id,
        event_type,
        emission_time,
        coalesce(submission_part in ('single', 'parent'), false) as is_submission,
        if(is_submission and attempt_number >= 1, attempt_number, null) as attempt_number,
        (emission_time, event_id) as moment,
        -- Answers that are sent at one time come in the order of their numbers.
        (emission_time, coalesce(attempt_number, 0), event_id) as place,
        multiIf(
            not is_submission, null,
            submission_part = 'single' and isNotNull(is_success), is_success,
            score_max > 0, score_raw >= score_max,
            null
        ) as is_correct,
        -- What names no problem is not one problem: it has no score.
        if(block_id != '', {{ score_ratio() }}, null) as score_ratio
    from sent_events

),

learners as (

    select
        org,
        course_key,
        block_id,
        actor_id,
        greatest(countIf(is_submission), toUInt64(coalesce(max(attempt_number), 0)))
            as attempt_count,
        minIf(toNullable(emission_time), is_submission) as first_attempt_at,
        maxIf(toNullable(emission_time), is_submission) as last_attempt_at,
        -- Values that may be NULL go in a tuple, for argMin and argMax skip NULL.
        tupleElement(argMinIf(tuple(attempt_number), place, is_submission), 1)
            as first_attempt_number,
        if(
            coalesce(first_attempt_number, 1) > 1,
            null,
            tupleElement(argMinIf(tuple(is_correct), place, is_submission), 1)
        ) as is_correct_first,
        tupleElement(argMaxIf(tuple(is_correct), place, is_submission), 1) as is_correct_last,
        max(is_correct) as is_ever_correct,
        argMinIf((place, moment, attempt_number), place, is_correct) as first_correct,
        -- Numbers begin anew after a reset, and those of what was never sent are only in them.
        if(
            is_ever_correct,
            greatest(
                toUInt64(coalesce(first_correct.3, 0)),
                arrayCount(
                    submitted -> submitted <= first_correct.1,
                    groupArrayIf(place, is_submission)
                )
            ),
            null
        ) as attempts_to_correct,
        tupleElement(argMaxIf(tuple(score_ratio), place, is_submission), 1) as last_score_ratio,
        maxIf(score_ratio, is_submission) as best_score_ratio,
        countIf(event_type = 'hint_displayed') as hint_count,
        countIf(event_type = 'answer_shown') as answer_shown_count,
        (answer_shown_count > 0 and (
            not coalesce(is_ever_correct, false)
            or minIf(moment, event_type = 'answer_shown') < first_correct.2
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
