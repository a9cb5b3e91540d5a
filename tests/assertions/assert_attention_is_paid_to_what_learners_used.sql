-- What it says: each problem, video and page of agg_content_attention is in the mart of its kind
--   with at least as many learners as its reasons speak of, and none of its reasons is empty.
-- When it matters: an author who follows a reason to the other marts must find the same learners.
-- What to do: compare the block in int_content_findings or int_page_findings with the mart of its
--   kind; a block that is missing there points at a course that was rebuilt in one of them only.
with

attention as (

    select *
    from {{ ref('agg_content_attention') }}

),

used as (

    select
        course_key,
        block_id,
        learner_count
    from {{ ref('agg_problem_difficulty') }}
    union all
    select
        course_key,
        block_id,
        viewer_count as learner_count
    from {{ ref('agg_video_engagement') }}
    union all
    select
        course_key,
        block_id,
        visitor_count as learner_count
    from {{ ref('agg_page_engagement') }}

)

select
    attention.course_key as course_key,
    attention.block_id as block_id,
    attention.learner_count as learner_count,
    used.learner_count as learners_of_the_block
from attention
left join used
    on attention.course_key = used.course_key and attention.block_id = used.block_id
where
    attention.learner_count > used.learner_count
    or empty(attention.reasons)
    or has(attention.reasons, '')
    or attention.attention_score <= 0
