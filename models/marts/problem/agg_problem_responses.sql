{#- Typed answers that fewer learners gave are not shown by themselves. -#}
{%- set least_size = [5, var('min_group_size') | int] | max %}
{%- set other_answers = '(other answers)' %}

{{ course_relation(order_by=['org', 'course_key', 'block_id', 'question_id', 'response']) }}

with

sent_events as (

    select *
    from {{ ref('stg_xapi__problem_events') }}
    where
        {{ counted() }}
        and submission_part in ('single', 'child')
        and isNotNull(actor_id)
        and not {{ is_outline_key("coalesce(block_id, '')") }}

),

submissions as (

    select
        {{ course_learner_keys() }},
        coalesce(block_id, '') as block_id,
        coalesce(question_id, block_id, '') as question_id,
        -- Answers that are sent at one time come in the order of their numbers.
        (emission_time, greatest(coalesce(attempt_number, 0), 0), event_id) as place,
        nullIf(question_text, '') as question_text,
        coalesce(response, '') as text,
        if(notEmpty(response_choices) or text = '[]', response_choices, [text]) as sent_choices,
        -- No problem has more choices; a statement can.
        arrayMap(
            choice -> substringUTF8(choice, 1, 256),
            arraySlice(arrayFilter(choice -> notEmpty(trimBoth(choice)), sent_choices), 1, 100)
        ) as choices,
        is_success,
        {{ is_chosen_response() }} as is_chosen
    from sent_events

),

-- The first and the last count even where they are empty, so order comes before choices.
learners as (

    select
        org,
        course_key,
        block_id,
        question_id,
        actor_id,
        arraySort(each -> each.1, groupArray((place, choices, is_success, is_chosen))) as sorted,
        arrayJoin(arrayMap(
            (each, nth) -> (nth = 1, nth = length(sorted), each.2, each.3, each.4),
            sorted,
            arrayEnumerate(sorted)
        )) as submission
    from submissions
    group by org, course_key, block_id, question_id, actor_id

),

-- One row per submission and choice.
answers as (

    select
        org,
        course_key,
        block_id,
        question_id,
        actor_id,
        submission.1 as is_first,
        submission.2 as is_last,
        submission.4 as is_success,
        submission.5 as is_chosen,
        arrayJoin(submission.3) as response
    from learners

),

responses as (

    select
        org,
        course_key,
        block_id,
        question_id,
        response,
        -- *** is all that the mask has left of a text, or the var free_text_months.
        response in ('{{ other_answers }}', '***')
        or (not max(is_chosen) and uniqExact(actor_id) < {{ least_size }}) as is_folded,
        if(min(is_success) = max(is_success) and not is_folded, max(is_success), null) as is_right,
        uniqExactIfState(actor_id, is_first) as first_learners,
        uniqExactIfState(actor_id, is_last) as last_learners,
        uniqExactIfState(actor_id, is_first and coalesce(is_success, false))
            as first_correct_learners
    from answers
    group by org, course_key, block_id, question_id, response

),

shown as (

    select
        org,
        course_key,
        block_id,
        question_id,
        if(is_folded, '{{ other_answers }}', response) as shown_response,
        is_folded::Bool as is_folded,
        max(is_right) as is_correct,
        uniqExactIfMerge(first_learners) as first_learner_count,
        uniqExactIfMerge(last_learners) as last_learner_count,
        uniqExactIfMerge(first_correct_learners) as first_correct_learner_count
    from responses
    group by org, course_key, block_id, question_id, shown_response, is_folded

),

-- A text that not all learners were sent, as with random numbers in it, stands for none of them.
questions as (

    select
        course_key,
        block_id,
        question_id,
        if(min(question_text) = max(question_text), max(question_text), null) as question_text
    from submissions
    group by course_key, block_id, question_id

),

blocks as (

    select {{ block_name_columns() }}
    from {{ ref('int_block_names') }}
    where {{ planned() }}

)

select
    -- ids
    shown.org as org,
    shown.course_key as course_key,
    shown.block_id as block_id,
    shown.question_id as question_id,

    -- texts
    shown.shown_response as response,
    questions.question_text as question_text,
    blocks.block_name as block_name,
    blocks.section_name as section_name,
    blocks.subsection_name as subsection_name,

    -- figures
    shown.first_learner_count as first_learner_count,
    shown.last_learner_count as last_learner_count,
    shown.first_correct_learner_count as first_correct_learner_count,

    -- booleans
    shown.is_correct as is_correct,
    shown.is_folded as is_folded
from shown
left join questions
    on
        shown.course_key = questions.course_key
        and shown.block_id = questions.block_id
        and shown.question_id = questions.question_id
left join blocks on shown.course_key = blocks.course_key and shown.block_id = blocks.block_id
where shown.first_learner_count + shown.last_learner_count > 0
