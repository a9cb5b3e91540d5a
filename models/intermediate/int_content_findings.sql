{{ course_relation(order_by=['org', 'course_key', 'block_id', 'finding']) }}

with

problem_learners as (

    select *
    from {{ ref('fct_learner_problems') }}
    where {{ planned() }} and attempt_count > 0

),

problem_findings as (

    select
        org,
        course_key,
        block_id,
        arrayJoin([
            (
                'wrong_first',
                countIf(is_correct_first = false),
                countIf(isNotNull(is_correct_first))
            ),
            (
                'never_solved',
                countIf(is_ever_correct = false),
                countIf(isNotNull(is_ever_correct))
            ),
            ('answer_shown', countIf(is_answer_shown_before_correct), count()),
            (
                'many_attempts',
                countIf(attempt_count >= {{ var('attention_many_attempts_count') }}),
                count()
            )
        ]) as finding
    from problem_learners
    group by org, course_key, block_id

),

viewers as (

    select *
    from {{ ref('fct_learner_videos') }}
    where {{ planned() }} and play_count > 0

),

video_findings as (

    select
        org,
        course_key,
        block_id,
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
        ]) as finding
    from viewers
    group by org, course_key, block_id

),

visits as (

    select
        course_key,
        block_id,
        actor_id
    from {{ ref('int_subsection_visits') }}
    where {{ planned() }}

),

completions as (

    select
        course_key,
        block_id,
        actor_id,
        true as is_complete
    from {{ ref('int_subsection_completions') }}
    where {{ planned() }}

),

-- Pages that somebody visited, in course order: of an unpublished one nothing can be said. And
-- pages that nobody can complete are left undone by nobody.
pages as (

    select
        org,
        course_key,
        block_id,
        completed_learner_count > 0 as is_completable,
        lagInFrame(toNullable(block_id)) over (
            partition by course_key order by course_order
            rows between unbounded preceding and unbounded following
        ) as previous_block_id
    from {{ ref('agg_page_engagement') }}
    where {{ planned() }} and visitor_count > 0 and isNotNull(course_order)

),

page_visitors as (

    select
        pages.org as org,
        pages.course_key as course_key,
        pages.block_id as block_id,
        countIf(pages.is_completable) as visitor_count,
        countIf(pages.is_completable and not completions.is_complete) as not_completed_count
    from pages
    inner join visits
        on pages.course_key = visits.course_key and pages.block_id = visits.block_id
    left join completions
        on
            visits.course_key = completions.course_key
            and visits.block_id = completions.block_id
            and visits.actor_id = completions.actor_id
    group by org, course_key, block_id

),

-- Who was on the page before and never came to this one, nor to any later one.
page_depths as (

    select
        visits.course_key as course_key,
        visits.actor_id as actor_id,
        max(blocks.course_order) as last_order
    from visits
    inner join {{ ref('dim_course_blocks') }} as blocks
        on visits.course_key = blocks.course_key and visits.block_id = blocks.block_id
    group by course_key, actor_id

)

select 1
