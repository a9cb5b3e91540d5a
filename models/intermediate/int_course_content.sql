{{ course_relation(order_by=['course_key', 'block_id', 'kind']) }}

with

blocks as (

    select
        course_key,
        block_id,
        selector_id,
        arrayJoin(arrayFilter(kind -> kind != '', [
            if(is_completable, 'completable', ''),
            if(block_type in ('problem', 'video'), assumeNotNull(block_type), '')
        ])) as kind
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }}

),

published_courses as (

    select distinct course_key
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
    kind,
    selector_id
from blocks
union all
select
    course_key,
    block_id,
    kind,
    null::Nullable(String) as selector_id
from used
where course_key not in (select published_courses.course_key from published_courses)
