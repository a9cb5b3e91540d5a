{{ course_relation(order_by=['date', 'event_family', 'rejection_reason'], scope='instance') }}

with

statement_counts as (

    select
        date,
        event_family,
        rejection_reason,
        statement_count
    from {{ ref('int_statement_counts') }}

)

select
    date,
    event_family,
    rejection_reason,
    sum(statement_count) as statement_count
from statement_counts
group by date, event_family, rejection_reason
