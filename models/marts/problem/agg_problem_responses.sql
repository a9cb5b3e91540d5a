{{ course_relation(order_by=['org', 'course_key', 'block_id', 'question_id', 'response']) }}

with

sent_events as (

    select *
    from {{ ref('stg_xapi__problem_events') }}
    where {{ counted() }} and submission_part in ('single', 'child')

),

answers as (

    select
        {{ course_learner_keys() }},
        coalesce(block_id, '') as block_id,
        coalesce(question_id, block_id, '') as question_id,
        (emission_time, event_id) as moment,
        nullIf(question_text, '') as question_text,
        if(
            notEmpty(response_choices) or coalesce(response, '') = '[]',
            response_choices,
            [coalesce(response, '')]
        ) as sent_choices,
        arrayMap(
            choice -> substringUTF8(choice, 1, 256),
            arrayFilter(choice -> notEmpty(trimBoth(choice)), sent_choices)
        ) as choices,
        coalesce(is_success, false) as is_correct
    from sent_events

),

-- In a tuple, for the first and last answers count even where they are empty.
learners as (

    select
        org,
        course_key,
        block_id,
        question_id,
        actor_id,
        argMin((choices, is_correct), moment) as first_answer,
        argMax(tuple(choices), moment) as last_answer
    from answers
    group by org, course_key, block_id, question_id, actor_id

),

-- One row per learner and response, so that learners need only be counted.
chosen as (

    select
        org,
        course_key,
        block_id,
        question_id,
        arrayJoin(arrayDistinct(arrayConcat(first_answer.1, last_answer.1))) as response,
        has(first_answer.1, response) as is_first,
        has(last_answer.1, response) as is_last,
        is_first and first_answer.2 as is_first_correct
    from learners

),

responses as (

    select
        org,
        course_key,
        block_id,
        question_id,
        response,
        countIf(is_first) as first_learner_count,
        countIf(is_last) as last_learner_count,
        countIf(is_first_correct) as first_correct_learner_count
    from chosen
    group by org, course_key, block_id, question_id, response

),

questions as (

    select
        course_key,
        block_id,
        question_id,
        argMax(question_text, moment) as question_text
    from answers
    group by course_key, block_id, question_id

),

blocks as (

    select {{ block_name_columns() }}
    from {{ ref('int_block_names') }}
    where {{ planned() }}

)

select
    -- ids
    responses.org as org,
    responses.course_key as course_key,
    responses.block_id as block_id,
    responses.question_id as question_id,

    -- texts
    responses.response as response,
    questions.question_text as question_text,
    blocks.block_name as block_name,
    blocks.section_name as section_name,
    blocks.subsection_name as subsection_name,

    -- figures
    responses.first_learner_count as first_learner_count,
    responses.last_learner_count as last_learner_count,
    responses.first_correct_learner_count as first_correct_learner_count
from responses
left join questions
    on
        responses.course_key = questions.course_key
        and responses.block_id = questions.block_id
        and responses.question_id = questions.question_id
left join blocks
    on responses.course_key = blocks.course_key and responses.block_id = blocks.block_id
