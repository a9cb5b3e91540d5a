{{ course_relation(order_by=['org', 'course_key', 'actor_id']) }}

with

sent_events as (

    select *
    from {{ ref('stg_xapi__grading_events') }}
    where {{ counted() }} and isNotNull(actor_id)

),

course_events as (

    select
        {{ course_learner_keys() }},
        event_type,
        (emission_time, event_id) as moment,
        emission_time,
        event_type = 'course_grade_calculated' as is_calculated,
        {{ score_ratio() }} as grade_ratio,
        letter_grade,
        -- What the statement says of passing; a calculated grade without a letter says nothing.
        multiIf(
            event_type = 'course_passed', true,
            event_type = 'course_failed', false,
            letter_grade != 'Fail'
        ) as says_passed
    from sent_events
    where event_type in ('course_passed', 'course_failed', 'course_grade_calculated')

)

select
    org,
    course_key,
    actor_id,
    -- The newest counts even where it is NULL; in a tuple, for argMax skips NULL.
    tupleElement(argMaxIf(tuple(letter_grade), moment, is_calculated), 1) as letter_grade,
    tupleElement(argMaxIf(tuple(grade_ratio), moment, is_calculated), 1) as course_grade_ratio,
    argMax(says_passed, moment) as is_passed,
    minIf(toNullable(emission_time), event_type = 'course_passed') as first_passed_at,
    max(emission_time) as last_graded_at
from course_events
group by org, course_key, actor_id
