{{ oars.course_relation(order_by=['org', 'course_key', 'block_id']) }}

with

-- Of staging views what counts in the courses that this run builds.
sent_ratings as (

    select *
    from {{ ref('stg_xapi__survey_events') }}
    where {{ oars.counted() }} and isNotNull(actor_id) and survey_rating between 1 and 5

),

-- Of relations of the package the courses that this run builds.
blocks as (

    select {{ oars.block_name_columns() }}
    from {{ ref('oars', 'int_block_names') }}
    where {{ oars.planned() }}

),

ratings as (

    select
        event_id,
        coalesce(org, '') as org,
        assumeNotNull(course_key) as course_key,
        coalesce(block_id, '') as block_id,
        assumeNotNull(actor_id) as actor_id,
        assumeNotNull(survey_rating) as rating,
        emission_time
    from sent_ratings

),

-- Who rates again changes the rating.
learners as (

    select
        org,
        course_key,
        block_id,
        actor_id,
        argMax(rating, (emission_time, event_id)) as last_rating,
        max(emission_time) as rated_at
    from ratings
    group by org, course_key, block_id, actor_id

),

surveys as (

    select
        org,
        course_key,
        block_id,
        count() as learner_count,
        countIf(last_rating <= 2) as low_learner_count,
        sum(last_rating) as rating_sum,
        {{ oars.day_of('max(rated_at)') }} as last_rated_date
    from learners
    group by org, course_key, block_id

)

select
    surveys.org as org,
    surveys.course_key as course_key,
    surveys.block_id as block_id,
    blocks.block_name as block_name,
    blocks.section_name as section_name,
    blocks.subsection_name as subsection_name,
    surveys.learner_count as learner_count,
    surveys.low_learner_count as low_learner_count,
    round(surveys.rating_sum / surveys.learner_count, 6) as avg_rating_score,
    surveys.last_rated_date as last_rated_date
from surveys
left join blocks on surveys.course_key = blocks.course_key and surveys.block_id = blocks.block_id
