{{ course_relation(
    order_by=['course_key', 'date', 'event_family', 'event_type', 'verb_id', 'object_type'],
    scope='statement',
) }}

-- Every statement counts here, those that count nowhere else too.
with

sent_statements as (

    select *
    from {{ ref('base_xapi__statements_final') }}
    where {{ in_planned_months() }} and {{ planned(of_no_course=true) }}

),

voided as (

    select event_id
    from {{ ref('int_uncounted_statements') }}
    where {{ planned(of_no_course=true) }} and reason = 'voided'

),

twins as (

    select event_id
    from {{ ref('int_uncounted_statements') }}
    where {{ planned(of_no_course=true) }} and reason = 'twin'

),

statements as (

    select
        coalesce(course_key, '') as course_key,
        {{ day_of('emission_time') }} as date,
        event_family,
        event_type,
        multiIf(
            rejection_reason != '', rejection_reason,
            event_id in (select voided.event_id from voided), 'voided',
            {{ is_excluded() }}, 'excluded',
            event_id in (select twins.event_id from twins), 'twin',
            ''
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
