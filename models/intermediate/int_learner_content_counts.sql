{{ course_relation(order_by=['course_key', 'actor_id']) }}

with

-- The problems that a learner attempted, the videos that a learner set going.
attempts as (

    select
        course_key,
        block_id,
        actor_id,
        is_ever_correct,
        'problem' as kind
    from {{ ref('fct_learner_problems') }}
    where {{ planned() }} and attempt_count > 0
    union all
    select
        course_key,
        block_id,
        actor_id,
        null as is_ever_correct,
        'video' as kind
    from {{ ref('fct_learner_videos') }}
    where {{ planned() }} and play_count > 0

),

content as (

    select *
    from {{ ref('int_course_content') }}
    where {{ planned() }}

)

select
    attempts.course_key as course_key,
    attempts.actor_id as actor_id,
    countIf(attempts.kind = 'problem') as attempted_problem_count,
    countIf(isNotNull(attempts.is_ever_correct)) as judged_problem_count,
    countIf(attempts.is_ever_correct) as solved_problem_count,
    countIf(attempts.kind = 'video') as watched_video_count
from attempts
inner join content
    on
        attempts.course_key = content.course_key
        and attempts.block_id = content.block_id
        and attempts.kind = content.kind
group by course_key, actor_id
