{{ course_relation(order_by=['course_key', 'actor_id', 'block_id', 'is_aggregate']) }}

with

-- A statement that names no block completes none.
sent_events as (

    select *
    from {{ ref('stg_xapi__completion_events') }}
    where {{ counted() }} and isNotNull(block_id) and isNotNull(actor_id)

),

completion_events as (

    select
        {{ course_learner_keys() }},
        assumeNotNull(block_id) as block_id,
        event_type in ('aggregate_progressed', 'aggregate_completed') as is_aggregate,
        (emission_time, event_id) as moment,
        emission_time,
        coalesce(
            event_type = 'aggregate_completed' or is_completion,
            progress_percent >= 100,
            score_scaled >= 1,
            false
        ) as says_complete
    from sent_events

)

select
    org,
    course_key,
    actor_id,
    block_id,
    is_aggregate::Bool as is_aggregate,
    argMax(says_complete, moment)::Bool as is_complete,
    maxIf(toNullable(emission_time), says_complete) as last_completed_at
from completion_events
group by org, course_key, actor_id, block_id, is_aggregate
