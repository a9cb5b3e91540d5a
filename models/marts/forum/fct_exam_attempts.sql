{{ course_relation(order_by=['org', 'course_key', 'block_id', 'actor_id', 'attempt_id']) }}

with

sent_events as (

    select *
    from {{ ref('stg_xapi__exam_events') }}
    where {{ counted() }} and isNotNull(actor_id)

),

exam_events as (

    select
        {{ course_learner_keys() }},
        coalesce(block_id, '') as block_id,
        coalesce(attempt_extension_id, attempt_code, '') as attempt_id,
        exam_type,
        event_type = 'exam_attempt_started' as is_start,
        event_type = 'exam_attempt_submitted' as is_submission,
        (emission_time, event_id) as moment,
        emission_time,
        -- What names no exam is not one exam: how long it took says nothing.
        if(block_id != '', attempt_duration_seconds, null) as attempt_duration_seconds,
        time_limit_minutes
    from sent_events

),

attempts as (

    select
        org,
        course_key,
        block_id,
        actor_id,
        attempt_id,
        -- Of the exam the last that is stated, of the attempt what its last submission states,
        -- even where that is NULL: in a tuple, for argMax skips NULL.
        argMax(exam_type, moment) as exam_type,
        argMax(time_limit_minutes, moment) as time_limit_minutes,
        tupleElement(argMaxIf(tuple(attempt_duration_seconds), moment, is_submission), 1)
            as duration_seconds,
        minIf(toNullable(emission_time), is_start) as started_at,
        maxIf(toNullable(emission_time), is_submission) as submitted_at
    from exam_events
    group by org, course_key, block_id, actor_id, attempt_id

),

blocks as (

    select {{ block_name_columns() }}
    from {{ ref('int_block_names') }}
    where {{ planned() }}

)

select
    -- ids
    attempts.org as org,
    attempts.course_key as course_key,
    attempts.block_id as block_id,
    attempts.actor_id as actor_id,
    attempts.attempt_id as attempt_id,

    -- texts
    blocks.block_name as block_name,
    blocks.section_name as section_name,
    blocks.subsection_name as subsection_name,
    attempts.exam_type as exam_type,

    -- figures
    attempts.duration_seconds as duration_seconds,
    attempts.time_limit_minutes as time_limit_minutes,

    -- times
    attempts.started_at as started_at,
    attempts.submitted_at as submitted_at
from attempts
left join blocks on attempts.course_key = blocks.course_key and attempts.block_id = blocks.block_id
