{{ course_relation(
    order_by=['org', 'course_key', 'block_id', 'finding'],
    moves_with_day=true,
) }}

with

visits as (

    select
        org,
        course_key,
        block_id,
        actor_id
    from {{ ref('int_subsection_visits') }}
    where {{ planned() }}

),

pages as (

    select
        course_key,
        block_id,
        course_order
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }} and block_type = 'sequential'

),

completions as (

    select
        course_key,
        block_id,
        actor_id
    from {{ ref('int_subsection_completions') }}
    where {{ planned() }}

),

-- Who still comes may go on tomorrow, and who has passed needs no further page.
gone_learners as (

    select
        course_key,
        actor_id
    from {{ ref('int_learner_progress') }}
    where
        {{ planned() }}
        and not coalesce(is_passed, false)
        and {{ day_of('last_active_at') }}
        <= {{ day_of(now_at()) }} - {{ var('attention_stopped_days') }}

),

placed_visits as (

    select
        visits.org as org,
        visits.course_key as course_key,
        visits.block_id as block_id,
        visits.actor_id as actor_id,
        pages.course_order as course_order
    from visits
    inner join pages on visits.course_key = pages.course_key and visits.block_id = pages.block_id

),

-- Nobody can go on from the last page that anybody has reached.
visitors as (

    select
        *,
        course_order = max(course_order) over (partition by course_key, actor_id)
        and course_order < max(course_order) over (partition by course_key) as is_furthest,
        (course_key, actor_id) in (
            select
                gone_learners.course_key,
                gone_learners.actor_id
            from gone_learners
        ) as is_gone,
        (course_key, block_id, actor_id) in (
            select
                completions.course_key,
                completions.block_id,
                completions.actor_id
            from completions
        ) as is_complete
    from placed_visits

),

-- What nobody ever completed may be something that nobody can.
findings as (

    select
        org,
        course_key,
        block_id,
        arrayJoin([
            ('stopped', countIf(is_furthest and is_gone), count()),
            (
                'not_completed',
                countIf(not is_complete),
                if(countIf(is_complete) > 0, count(), 0)
            )
        ]) as found
    from visitors
    group by org, course_key, block_id

)

select
    org,
    course_key,
    block_id,
    'sequential' as block_type,
    found.1 as finding,
    found.2 as found_learner_count,
    found.3 as known_learner_count
from findings
where found.3 > 0
