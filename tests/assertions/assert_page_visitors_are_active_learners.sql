-- What it says: no subsection of agg_page_engagement has more visitors than the course has active
--   learners, more who completed it than visitors, or fewer visits than visitors; and it has every
--   subsection of dim_course_blocks.
-- When it matters: the page of a course shows where learners stop; more visitors than learners
--   means that one was counted twice.
-- What to do: look for a block that stands twice in the structure, or for a subsection that the
--   macro subsection_of_block places in two.
with

pages as (

    select *
    from {{ ref('agg_page_engagement') }}

),

learner_days as (

    select *
    from {{ ref('fct_learner_course_days') }}

),

subsections as (

    select
        course_key,
        block_id
    from {{ ref('dim_course_blocks') }}
    where block_type = 'sequential'

),

active_learners as (

    select
        course_key,
        uniqExact(actor_id) as active_learner_count
    from learner_days
    group by course_key

)

select
    pages.course_key as course_key,
    pages.block_id as block_id,
    pages.visitor_count as visitor_count,
    pages.visit_count as visit_count,
    pages.completed_learner_count as completed_learner_count,
    active_learners.active_learner_count as active_learner_count
from pages
left join active_learners on pages.course_key = active_learners.course_key
where
    pages.visitor_count > active_learners.active_learner_count
    or pages.completed_learner_count > pages.visitor_count
    or pages.visit_count < pages.visitor_count
union all
select
    course_key,
    block_id,
    0 as visitor_count,
    0 as visit_count,
    0 as completed_learner_count,
    0 as active_learner_count
from subsections
where (course_key, block_id) not in (
    select
        pages.course_key,
        pages.block_id
    from pages
)
