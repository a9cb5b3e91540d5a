{{ course_relation(order_by=['course_key', 'actor_id', 'date'], scope='statement') }}

with

readable_statements as (

    select
        org,
        course_key,
        actor_id,
        event_family,
        emission_time,
        isNotNull(actor_id) and event_family in {{ activity_families() }} as is_activity
    from {{ ref('base_xapi__statements_final') }}
    where
        event_family != 'malformed'
        and {{ counted(of_no_course=true) }}

),

statements as (

    select
        org,
        coalesce(course_key, '') as course_key,
        coalesce(actor_id, '') as actor_id,
        event_family,
        emission_time,
        toUnixTimestamp64Micro(emission_time) as at,
        {{ day_of('emission_time') }} as date,
        is_activity,
        is_activity and course_key != '' as is_visit
    from readable_statements

),

spans as (

    select
        course_key,
        actor_id,
        toUnixTimestamp64Micro(opened_at) as opened_us,
        toUnixTimestamp64Micro(assumeNotNull(ended_at)) as ended_us
    from {{ ref('int_video_spans') }}
    where isNotNull(ended_at) and {{ planned() }}

),

-- What a span adds to the time that a learner watched begins where all before it have ended.
watched_parts as (

    select
        course_key,
        actor_id,
        ended_us,
        greatest(opened_us, max(ended_us) over (
            partition by course_key, actor_id order by opened_us, ended_us
            rows between unbounded preceding and 1 preceding
        )) as begun_us
    from spans

),

watched as (

    select
        course_key,
        actor_id,
        begun_us,
        ended_us - begun_us as part_us,
        sum(part_us) over (
            partition by course_key, actor_id order by begun_us
            rows between unbounded preceding and current row
        ) - part_us as watched_before_us,
        sum(part_us) over (partition by course_key, actor_id) as watched_in_all_us
    from watched_parts
    where ended_us > begun_us

),

-- How long the learner had watched by each statement.
placed as (

    select
        statements.*,
        watched.watched_before_us
        + least(statements.at - watched.begun_us, watched.part_us) as watched_us,
        watched.watched_in_all_us as watched_in_all_us
    from statements
    asof left join watched
        on
            statements.course_key = watched.course_key
            and statements.actor_id = watched.actor_id
            and statements.at >= watched.begun_us

),

-- Between statements of the same moment there is no gap, in whatever order they come.
steps as (

    select
        *,
        at - lagInFrame(toNullable(at)) over neighbours as gap_before,
        leadInFrame(toNullable(at)) over neighbours - at as gap_after,
        watched_us - lagInFrame(watched_us) over neighbours as watched_before,
        leadInFrame(watched_us, 1, watched_in_all_us) over neighbours - watched_us as watched_after
    from placed
    window neighbours as (
        partition by course_key, actor_id, is_activity order by emission_time
        rows between unbounded preceding and unbounded following
    )

)

-- Whole microseconds: a sum of them is the same in any order.
select
    coalesce(any(org), '') as org,
    course_key,
    actor_id,
    date,
    count() as event_count,
    countIf(is_activity) as activity_event_count,
    {% for family in event_families().split() %}
        countIf({{ is_family(family) }}) as {{ family }}_event_count,
    {% endfor %}
    countIf(
        is_visit and (isNull(gap_before) or gap_before - watched_before > 30 * 60 * 1000000)
    ) as session_count,
    toUInt64(sumIf(
        greatest(
            if(
                gap_after - watched_after <= 30 * 60 * 1000000,
                least(coalesce(gap_after, 0), toInt64(10 * 60 * 1000000)),
                0
            ),
            watched_after
        ),
        is_visit
    )) as time_spent_microseconds,
    min(emission_time) as first_event_at,
    max(emission_time) as last_event_at,
    maxIf(toNullable(emission_time), is_activity) as last_active_at
from steps
group by course_key, actor_id, date
