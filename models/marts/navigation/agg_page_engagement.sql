{{ course_relation(order_by=['org', 'course_key', 'block_id']) }}

with

visits as (

    select
        course_key,
        block_id,
        actor_id,
        visit_count
    from {{ ref('int_subsection_visits') }}
    where {{ planned() }}

),

completions as (

    select
        course_key,
        block_id,
        count() as completed_learner_count
    from {{ ref('int_subsection_completions') }}
    where {{ planned() }}
    group by course_key, block_id

),

ever_enrolled as (

    select
        course_key,
        actor_id
    from {{ ref('fct_enrollments') }}
    where {{ planned() }}

),

enrolled_counts as (

    select
        course_key,
        count() as ever_enrolled_count
    from ever_enrolled
    group by course_key

),

visitors as (

    select
        course_key,
        block_id,
        count() as visitor_count,
        countIf((course_key, actor_id) in (
            select
                ever_enrolled.course_key,
                ever_enrolled.actor_id
            from ever_enrolled
        )) as enrolled_visitor_count,
        sum(visit_count) as visit_count
    from visits
    group by course_key, block_id

),

subsections as (

    select
        course_key,
        block_id,
        hierarchy_location,
        toNullable(course_order) as course_order
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }} and block_type = 'sequential'

),

names as (

    select {{ block_name_columns() }}
    from {{ ref('int_block_names') }}
    where {{ planned() }}

),

-- A subsection that nobody has reached says most of where learners stop.
pages as (

    select
        course_key,
        block_id
    from subsections
    union distinct
    select
        course_key,
        block_id
    from visitors

)

select
    -- ids
    coalesce({{ course_org('pages.course_key') }}, '') as org,
    pages.course_key as course_key,
    pages.block_id as block_id,

    -- texts
    names.block_name as block_name,
    names.section_name as section_name,
    names.subsection_name as subsection_name,
    subsections.hierarchy_location as hierarchy_location,

    -- figures
    subsections.course_order as course_order,
    coalesce(visitors.visitor_count, 0) as visitor_count,
    coalesce(visitors.visit_count, 0) as visit_count,
    coalesce(completions.completed_learner_count, 0) as completed_learner_count,
    -- '' is no page.
    if(
        pages.block_id != '',
        {{ ratio(
            'coalesce(visitors.enrolled_visitor_count, 0)', 'enrolled_counts.ever_enrolled_count'
        ) }},
        null
    ) as visited_ratio
from pages
left join subsections
    on pages.course_key = subsections.course_key and pages.block_id = subsections.block_id
left join names on pages.course_key = names.course_key and pages.block_id = names.block_id
left join visitors on pages.course_key = visitors.course_key and pages.block_id = visitors.block_id
left join completions
    on pages.course_key = completions.course_key and pages.block_id = completions.block_id
left join enrolled_counts on pages.course_key = enrolled_counts.course_key
