{%- set columns -%}
    org course_key actor_id enrollment_source enrollment_mode is_enrolled is_passed enrolled_at
    last_active_at active_day_count problem_count attempted_problem_count judged_problem_count
    solved_problem_count video_count watched_video_count completable_block_count
    completed_block_count course_grade_ratio is_completion_known done_count
{%- endset -%}
{{ course_relation(order_by=['org', 'course_key', 'actor_id'], moves_with_day=true) }}

-- The rules are in docs/risk_and_attention.md. "Now" counts by its day only.
with

progress as (

    select
        *,
        {{ day_of(now_at()) }} as today,
        -- Of a learner of whom nothing tells when: the first that is heard.
        {{ day_of('coalesce(enrolled_at, first_event_at)') }} as enrolled_date,
        {{ day_of('last_active_at') }} as last_active_date,
        coalesce(last_active_date, enrolled_date) as last_here_date,
        isNotNull(completed_block_count) as is_completion_known,
        coalesce(completed_block_count, attempted_problem_count) as done_count
    from {{ ref('int_learner_progress') }}
    where {{ planned() }}

),

courses as (

    select
        course_key,
        lowest_passing_grade,
        {{ day_of('course_started_at') }} as start_date,
        {{ day_of('course_ends_at') }} as end_date
    from {{ ref('dim_courses') }}
    where {{ planned() }}

),

-- What half of the active learners have done, or more: one of the figures, not a mean of two.
peers as (

    select
        course_key,
        count() as peer_count,
        quantileExact(0.5)(done_count) as usual_count
    from progress
    where is_enrolled and isNotNull(last_active_at)
    group by course_key

),

situations as (

    select
        {% for column in columns.split() %}
            progress.{{ column }} as {{ column }},
        {% endfor %}
        courses.lowest_passing_grade as lowest_passing_grade,
        peers.usual_count as usual_count,
        progress.is_enrolled
        and coalesce(courses.start_date, progress.today) <= progress.today
        and coalesce(courses.end_date, progress.today) >= progress.today as is_judged,
        is_judged and not coalesce(progress.is_passed, false) as is_at_stake,
        toUInt64(assumeNotNull(dateDiff('day', progress.last_here_date, progress.today)))
            as days_inactive,
        -- Since when there was something to do: the learner came, and the course had begun.
        arrayMax([
            coalesce(progress.enrolled_date, toDate(0)), coalesce(courses.start_date, toDate(0))
        ]) as joined_date,
        dateDiff('day', joined_date, progress.today) as days_joined,
        arrayMax([joined_date, coalesce(progress.last_active_date, toDate(0))]) as idle_since,
        toUInt64(greatest(0, dateDiff('day', idle_since, progress.today))) as days_idle,
        dateDiff('day', progress.today, courses.end_date) as days_left,
        peers.peer_count >= {{ var('risk_min_peer_count') }}
        and days_joined >= {{ var('risk_grace_days') }} as is_compared
    from progress
    left join courses on progress.course_key = courses.course_key
    left join peers on progress.course_key = peers.course_key

),

-- Each reason that there may be: whether it applies, and its words.
judged as (

    select
        *,
        [
            (
                days_idle >= {{ var('risk_watch_inactive_days') }},
                concat(
                    if(isNull(last_active_at), 'never active in ', 'no activity for '),
                    {{ number_of('if(isNull(last_active_at), days_idle, days_inactive)', 'day') }},
                    if(isNull(last_active_at), ' since the start', '')
                )
            ),
            (
                is_compared and done_count < {{ var('risk_behind_ratio') }} * usual_count,
                concat(
                    if(
                        is_completion_known,
                        concat('completed ', {{ number_of('done_count', 'block') }}),
                        concat('attempted ', {{ number_of('done_count', 'problem') }})
                    ),
                    '; half of the active learners ',
                    if(is_completion_known, 'completed ', 'attempted '),
                    toString(usual_count), ' or more'
                )
            ),
            (
                judged_problem_count >= {{ var('risk_min_problem_count') }}
                and solved_problem_count < {{ var('risk_solved_ratio') }} * judged_problem_count,
                concat(
                    'solved ', toString(solved_problem_count), ' of the ',
                    toString(judged_problem_count), ' problems attempted'
                )
            ),
            (
                days_left <= {{ var('risk_grade_days') }}
                and course_grade_ratio < lowest_passing_grade,
                concat(
                    'grade of ', toString(floor({{ percent('course_grade_ratio') }})), ' % with ',
                    {{ number_of('days_left', 'day') }}, ' left; ',
                    toString({{ percent('lowest_passing_grade') }}), ' % passes'
                )
            )
        ] as possible_reasons,
        arrayMap(
            reason -> assumeNotNull(reason.2),
            arrayFilter(reason -> is_at_stake and coalesce(reason.1, false), possible_reasons)
        ) as risk_reasons
    from situations

)

select
    -- ids
    org,
    course_key,
    actor_id,

    -- texts
    enrollment_source,
    enrollment_mode,
    multiIf(
        not is_judged, 'not_judged',
        is_at_stake and days_idle >= {{ var('risk_gone_days') }}, 'gone',
        empty(risk_reasons), 'none',
        days_idle >= {{ var('risk_high_inactive_days') }}
        or length(risk_reasons) >= {{ var('risk_high_reason_count') }}, 'high',
        'watch'
    ) as risk_level,
    risk_reasons,

    -- figures
    active_day_count,
    days_inactive,
    {{ ratio('attempted_problem_count', 'problem_count') }} as problem_attempted_ratio,
    {{ ratio('watched_video_count', 'video_count') }} as video_watched_ratio,
    {{ ratio('completed_block_count', 'completable_block_count') }} as completion_ratio,
    course_grade_ratio,

    -- booleans
    is_enrolled,
    is_passed,

    -- times
    enrolled_at,
    last_active_at
from judged
