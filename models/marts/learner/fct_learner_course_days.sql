{{ course_relation(order_by=['org', 'course_key', 'actor_id', 'date']) }}

with

days as (

    select *
    from {{ ref('int_learner_course_days') }}
    where {{ planned() }} and activity_event_count > 0

)

select
    org,
    course_key,
    actor_id,
    date,
    event_count,
    {% for family in event_families().split() %}
        {{ family }}_event_count,
    {% endfor %}
    session_count,
    {{ seconds('time_spent_microseconds') }} as time_spent_seconds
from days
