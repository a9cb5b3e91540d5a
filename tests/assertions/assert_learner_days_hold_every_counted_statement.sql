-- What it says: int_learner_course_days counts, course by course, every readable statement that is
--   not later than "now", not of an excluded actor, was not taken back and is no twin; '' stands
--   for statements without a course.
-- When it matters: activity, attendance and all daily totals are sums over this relation.
-- What to do: if base was built alone, run dbt build; else compare the days of the course with
--   base_xapi__statements_final to find the learner whose statements are lost or doubled.
with

statements as (

    select
        coalesce(course_key, '') as course_key,
        event_id,
        coalesce(actor_id, '') as actor_id,
        event_family,
        emission_time
    from {{ ref('base_xapi__statements_final') }}

),

everywhere_excluded as (

    select actor_id
    from {{ ref('excluded_actors') }}
    where course_key = ''

),

excluded_from_a_course as (

    select
        actor_id,
        course_key
    from {{ ref('excluded_actors') }}

),

uncounted as (

    select event_id
    from {{ ref('int_uncounted_statements') }}

),

learner_days as (

    select *
    from {{ ref('int_learner_course_days') }}

),

counted_statements as (

    select
        course_key,
        count() as statement_count
    from statements
    where
        event_family != 'malformed'
        and emission_time <= {{ now_at() }}
        and event_id not in (select uncounted.event_id from uncounted)
        and actor_id not in (select everywhere.actor_id from everywhere_excluded as everywhere)
        and (actor_id, course_key) not in (
            select
                excluded.actor_id,
                excluded.course_key
            from excluded_from_a_course as excluded
        )
    group by course_key

),

events as (

    select
        course_key,
        sum(event_count) as event_count
    from learner_days
    group by course_key

)

select
    if(statements.statement_count > 0, statements.course_key, events.course_key) as course_key,
    statements.statement_count as statement_count,
    events.event_count as event_count
from counted_statements as statements
full outer join events on statements.course_key = events.course_key
where statements.statement_count != events.event_count
