{{ course_relation(
    order_by=['course_key', 'date', 'event_family', 'event_type', 'verb_id', 'object_type'],
    scope='statement',
) }}

-- Every statement counts here, those later than "now", malformed or of excluded actors too.
with

sent_statements as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where {{ in_planned_months() }} and {{ planned(of_no_course=true) }}

),

statements as (

    select
        coalesce(course_key, '') as course_key,
        {{ day_of('emission_time') }} as date,
        event_family,
        event_type,
        if(
            rejection_reason = '' and {{ is_excluded() }}, 'excluded', rejection_reason
        ) as rejection_reason,
        coalesce(verb_id, '') as verb_id,
        coalesce(object_type, '') as object_type,
        emission_time
    from sent_statements

)

select
    course_key,
    date,
    event_family,
    event_type,
    rejection_reason,
    verb_id,
    object_type,
    count() as statement_count,
    min(emission_time) as first_seen_at,
    max(emission_time) as last_seen_at
from statements
group by course_key, date, event_family, event_type, rejection_reason, verb_id, object_type
