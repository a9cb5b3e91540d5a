{{ course_relation(order_by=['org', 'course_key', 'block_id']) }}

with

grades as (

    select *
    from {{ ref('fct_learner_subsection_grades') }}
    where {{ planned() }}

),

subsections as (

    select
        org,
        course_key,
        block_id,
        count(score_ratio) as scored_count,
        {{ average_ratio('score_ratio') }} as avg_score_ratio,
        if(
            scored_count > 0, round(quantileExactInclusive(0.5)(score_ratio), 6), null
        ) as median_score_ratio
    from grades
    group by org, course_key, block_id

),

blocks as (

    select
        {{ block_name_columns() }},
        course_order,
        is_graded
    from {{ ref('int_block_names') }}
    where {{ planned() }}

)

select
    -- ids
    subsections.org as org,
    subsections.course_key as course_key,
    subsections.block_id as block_id,

    -- texts
    blocks.block_name as block_name,
    blocks.section_name as section_name,
    blocks.subsection_name as subsection_name,

    -- figures
    blocks.course_order as course_order,
    subsections.scored_count as learner_count,
    subsections.avg_score_ratio as avg_score_ratio,
    subsections.median_score_ratio as median_score_ratio,

    -- booleans
    blocks.is_graded as is_graded
from subsections
left join blocks
    on subsections.course_key = blocks.course_key and subsections.block_id = blocks.block_id
