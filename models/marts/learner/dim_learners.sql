{{ course_relation(order_by=['actor_id'], scope='instance') }}

with

learner_days as (

    select *
    from {{ ref('int_learner_course_days') }}
    -- Statements of nobody, of groups say, make no learner.
    where actor_id != ''

)

select
    actor_id,
    uniqExactIf(course_key, course_key != '') as course_count,
    sum(event_count) as event_count,
    min(first_event_at) as first_seen_at,
    max(last_event_at) as last_seen_at
from learner_days
group by actor_id
