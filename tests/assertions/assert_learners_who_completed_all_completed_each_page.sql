-- What it says: who has completed every block of a course, as fct_learner_completion says, has
--   completed each of its subsections that has completable blocks, as agg_page_engagement says;
--   but for subsections that are shown to some only.
-- When it matters: the page of a course and that of a learner tell of completion from two marts.
-- What to do: look for a completable block of the subsection that one of the two leaves out.
with

learners as (

    select *
    from {{ ref('fct_learner_completion') }}

),

blocks as (

    select *
    from {{ ref('dim_course_blocks') }}

),

pages as (

    select *
    from {{ ref('agg_page_engagement') }}

),

finishers as (

    select
        course_key,
        count() as finisher_count
    from learners
    where completion_ratio = 1
    group by course_key

),

completable_subsections as (

    select distinct
        course_key,
        assumeNotNull(subsection_id) as block_id
    from blocks
    where is_completable and isNotNull(subsection_id)

),

selected_subsections as (

    select
        course_key,
        block_id
    from blocks
    where block_type = 'sequential' and isNotNull(selector_id)

)

select
    pages.course_key as course_key,
    pages.block_id as block_id,
    pages.completed_learner_count as completed_learner_count,
    finishers.finisher_count as finisher_count
from pages
inner join finishers on pages.course_key = finishers.course_key
where
    pages.completed_learner_count < finishers.finisher_count
    and (pages.course_key, pages.block_id) in (
        select
            completable.course_key,
            completable.block_id
        from completable_subsections as completable
    )
    and (pages.course_key, pages.block_id) not in (
        select
            selected.course_key,
            selected.block_id
        from selected_subsections as selected
    )
