{{ course_relation(order_by=['org', 'course_key', 'block_id', 'actor_id']) }}

with

sent_events as (

    select *
    from {{ ref('stg_xapi__grading_events') }}
    where {{ counted() }} and isNotNull(actor_id)

),

grades as (

    select
        {{ course_learner_keys() }},
        coalesce(block_id, '') as block_id,
        (emission_time, event_id) as moment,
        emission_time,
        -- What names no subsection is not one subsection: it has no score.
        if(block_id != '', {{ score_ratio() }}, null) as ratio,
        score_raw,
        score_max
    from sent_events
    where event_type = 'subsection_grade_calculated'

),

learners as (

    select
        org,
        course_key,
        block_id,
        actor_id,
        -- The newest counts even where it is NULL; in a tuple, for argMax skips NULL.
        argMax((ratio, score_raw, score_max), moment) as newest,
        max(emission_time) as last_graded_at
    from grades
    group by org, course_key, block_id, actor_id

),

blocks as (

    select
        {{ block_name_columns() }},
        is_graded
    from {{ ref('int_block_names') }}
    where {{ planned() }}

)

select
    -- ids
    learners.org as org,
    learners.course_key as course_key,
    learners.block_id as block_id,
    learners.actor_id as actor_id,

    -- texts
    blocks.block_name as block_name,
    blocks.section_name as section_name,
    blocks.subsection_name as subsection_name,

    -- figures
    tupleElement(learners.newest, 1) as score_ratio,
    tupleElement(learners.newest, 2) as points_earned,
    tupleElement(learners.newest, 3) as points_possible,

    -- booleans
    blocks.is_graded as is_graded,

    -- times
    learners.last_graded_at as last_graded_at
from learners
left join blocks on learners.course_key = blocks.course_key and learners.block_id = blocks.block_id
