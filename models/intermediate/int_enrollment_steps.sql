{{ course_relation(order_by=['course_key', 'actor_id', 'emission_time', 'event_id']) }}

with

sent_events as (

    select *
    from {{ ref('stg_xapi__enrollment_events') }}
    where {{ counted() }} and isNotNull(actor_id)

),

enrollment_events as (

    select
        {{ course_learner_keys() }},
        event_id,
        emission_time,
        event_type = 'enrollment_activated' as is_activation,
        -- A deactivation's own mode says nothing: the learner leaves the mode held.
        if(is_activation, enrollment_mode, null) as stated_mode
    from sent_events

),

in_order as (

    select
        *,
        -- Who is heard of first by leaving was in.
        coalesce(lagInFrame(toNullable(is_activation)) over history, not is_activation)
            as was_enrolled,
        last_value(stated_mode) ignore nulls over history as last_stated_mode,
        last_value(stated_mode) ignore nulls over earlier as earlier_stated_mode
    from enrollment_events
    window
        history as (
            partition by course_key, actor_id order by emission_time, event_id
            rows between unbounded preceding and current row
        ),
        earlier as (
            partition by course_key, actor_id order by emission_time, event_id
            rows between unbounded preceding and 1 preceding
        )

),

with_modes as (

    select
        *,
        coalesce(last_stated_mode, 'unknown') as mode_after,
        coalesce(earlier_stated_mode, 'unknown') as mode_before
    from in_order

)

select
    org,
    course_key,
    actor_id,
    event_id,
    emission_time,
    is_activation::Bool as is_enrolled,
    mode_after as enrollment_mode,
    multiIf(
        is_activation and not was_enrolled, 'activation',
        is_activation and isNotNull(stated_mode) and mode_after != mode_before, 'mode_change',
        not is_activation and was_enrolled, 'deactivation',
        null
    ) as change,
    if(change = 'mode_change', mode_before, null) as previous_mode
from with_modes
