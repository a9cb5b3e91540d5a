{{ course_relation(order_by=['verb_id', 'object_type', 'event_type'], scope='instance') }}

with

statement_counts as (

    select
        verb_id,
        object_type,
        -- What has no type goes by the name of its family.
        if(event_type = '', event_family, event_type) as event_type,
        event_family,
        statement_count,
        first_seen_at,
        last_seen_at
    from {{ ref('int_statement_counts') }}

),

event_types as (

    select
        verb_id,
        object_type,
        event_type,
        event_family,
        sum(statement_count) as statement_count,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from statement_counts
    group by verb_id, object_type, event_type, event_family

)

select
    verb_id,
    object_type,
    event_type,
    event_family,
    statement_count,
    round(statement_count / sum(statement_count) over (), 6) as statement_ratio,
    first_seen_at,
    last_seen_at
from event_types
