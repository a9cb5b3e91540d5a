{{ course_relation(order_by=['course_key', 'block_id', 'kind']) }}

with

blocks as (

    select
        course_key,
        block_id,
        block_type
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }}

),

used as (

    select
        course_key,
        block_id,
        'problem' as kind
    from {{ ref('fct_learner_problems') }}
    where {{ planned() }} and attempt_count > 0
    union distinct
    select
        course_key,
        block_id,
        'video' as kind
    from {{ ref('fct_learner_videos') }}
    where {{ planned() }} and play_count > 0

)

select
    course_key,
    block_id,
    assumeNotNull(block_type) as kind
from blocks
where block_type in ('problem', 'video')
union all
select
    course_key,
    block_id,
    kind
from used
where course_key not in (select blocks.course_key from blocks)
