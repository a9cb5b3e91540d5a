{{ course_relation(order_by=['org', 'course_key']) }}

with

published_courses as (

    select *
    from {{ ref('stg_event_sink__courses') }}
    where {{ planned() }}

),

seen_courses as (

    select distinct course_key
    from {{ ref('int_statement_counts') }}
    where {{ planned() }}

),

lms_enrollments as (

    select distinct course_key
    from {{ ref('stg_event_sink__course_enrollments') }}
    where {{ planned() }}

),

blocks as (

    select
        course_key,
        countIf(block_type = 'chapter') as section_count,
        countIf(block_type = 'sequential') as subsection_count,
        countIf(block_type = 'vertical') as unit_count,
        countIf(block_type = 'problem') as problem_count,
        countIf(block_type = 'video') as video_count,
        max(last_published_at) as last_published_at
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }}
    group by course_key

),

tags as (

    select
        tag_id,
        tag_name
    from {{ ref('stg_event_sink__tags') }}

),

tagged as (

    select
        course_key,
        arrayJoin(tag_ids) as tag_id
    from published_courses

),

tag_names as (

    select
        tagged.course_key as course_key,
        arraySort(groupUniqArray(assumeNotNull(tags.tag_name))) as tags
    from tagged
    inner join tags on tagged.tag_id = tags.tag_id
    where tags.tag_name is not null
    group by course_key

),

course_keys as (

    select course_key from published_courses
    union distinct
    select course_key from blocks
    union distinct
    select course_key from lms_enrollments
    union distinct
    select course_key from seen_courses

)

select
    -- ids
    coalesce(nullIf(published.org, ''), {{ course_org('course_keys.course_key') }}, '') as org,
    course_keys.course_key as course_key,

    -- texts
    published.course_name as course_name,
    {{ course_run('course_keys.course_key') }} as course_run,
    {{ course_label('course_keys.course_key', 'published.course_name') }} as course_label,
    published.language as language,
    tag_names.tags as tags,

    -- figures
    published.lowest_passing_grade as lowest_passing_grade,
    blocks.section_count as section_count,
    blocks.subsection_count as subsection_count,
    blocks.unit_count as unit_count,
    blocks.problem_count as problem_count,
    blocks.video_count as video_count,

    -- booleans
    published.is_self_paced as is_self_paced,
    (blocks.course_key != '')::Bool as is_structure_known,

    -- times
    published.course_started_at as course_started_at,
    published.course_ends_at as course_ends_at,
    published.enrollment_starts_at as enrollment_starts_at,
    published.enrollment_ends_at as enrollment_ends_at,
    greatest(published.last_published_at, blocks.last_published_at) as last_published_at
from course_keys
left join published_courses as published on course_keys.course_key = published.course_key
left join blocks on course_keys.course_key = blocks.course_key
left join tag_names on course_keys.course_key = tag_names.course_key
