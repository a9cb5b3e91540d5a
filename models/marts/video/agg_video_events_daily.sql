{{ course_relation(order_by=['org', 'course_key', 'block_id', 'event_type', 'date']) }}

with

sent_events as (

    select *
    from {{ ref('stg_xapi__video_events') }}
    where {{ counted() }}

),

video_events as (

    select
        coalesce(org, '') as org,
        assumeNotNull(course_key) as course_key,
        coalesce(block_id, '') as block_id,
        event_type,
        actor_id,
        {{ day_of('emission_time') }} as date
    from sent_events

),

daily as (

    select
        org,
        course_key,
        block_id,
        event_type,
        date,
        count() as event_count,
        uniqExact(actor_id) as learner_count
    from video_events
    group by org, course_key, block_id, event_type, date

),

blocks as (

    select {{ block_name_columns() }}
    from {{ ref('int_block_names') }}
    where {{ planned() }}

)

select
    daily.org as org,
    daily.course_key as course_key,
    daily.block_id as block_id,
    blocks.block_name as block_name,
    blocks.section_name as section_name,
    blocks.subsection_name as subsection_name,
    daily.event_type as event_type,
    daily.date as date,
    daily.event_count as event_count,
    daily.learner_count as learner_count
from daily
left join blocks on daily.course_key = blocks.course_key and daily.block_id = blocks.block_id
