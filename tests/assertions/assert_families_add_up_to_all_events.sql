-- What it says: in the marts of activity the events by family add up to event_count.
-- When it matters: a new family that is not in the macro event_families would be in the total only.
-- What to do: add the family to the macro event_families and to the columns of these marts.
{% set families -%}
    {% for family in event_families().split() -%}
        {{ family }}_event_count{{ ' + ' if not loop.last }}
    {%- endfor %}
{%- endset -%}

with

course_days as (

    select *
    from {{ ref('agg_course_activity_daily') }}

),

learner_days as (

    select *
    from {{ ref('fct_learner_course_days') }}

),

summed as (

    select
        'agg_course_activity_daily' as mart,
        course_key,
        date,
        event_count,
        {{ families }} as family_event_count
    from course_days
    union all
    select
        'fct_learner_course_days' as mart,
        course_key,
        date,
        event_count,
        {{ families }} as family_event_count
    from learner_days

)

select *
from summed
where event_count != family_event_count
