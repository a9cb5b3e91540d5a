{{ course_relation(order_by=['org', 'course_key', 'block_id', 'finding']) }}

with

-- What names no problem or video is not one of them, and not judged.
problem_learners as (

    select *
    from {{ ref('fct_learner_problems') }}
    where {{ planned() }} and attempt_count > 0 and block_id != ''

),

viewers as (

    select *
    from {{ ref('fct_learner_videos') }}
    where {{ planned() }} and play_count > 0 and block_id != ''

),

-- Of each finding its name, how many learners it is true of, and of how many it is known.
problem_findings as (

    select
        org,
        course_key,
        block_id,
        'problem' as block_type,
        arrayJoin([
            (
                'wrong_first',
                countIf(is_correct_first = false),
                countIf(isNotNull(is_correct_first))
            ),
            ('never_solved', countIf(is_ever_correct = false), countIf(isNotNull(is_ever_correct))),
            ('answer_shown', countIf(is_answer_shown_before_correct), count()),
            (
                'many_attempts',
                countIf(attempt_count >= {{ var('attention_many_attempts_count') }}),
                count()
            )
        ]) as found
    from problem_learners
    group by org, course_key, block_id

),

video_findings as (

    select
        org,
        course_key,
        block_id,
        'video' as block_type,
        arrayJoin([
            (
                'left_early',
                countIf(
                    watched_ratio < {{ var('attention_left_early_share') }} and not is_completed
                ),
                countIf(isNotNull(watched_ratio))
            ),
            (
                'sought_back',
                countIf(seek_back_count >= {{ var('attention_sought_back_count') }}),
                count()
            )
        ]) as found
    from viewers
    group by org, course_key, block_id

),

findings as (

    select * from problem_findings
    union all
    select * from video_findings

)

select
    org,
    course_key,
    block_id,
    block_type,
    found.1 as finding,
    found.2 as found_learner_count,
    found.3 as known_learner_count
from findings
