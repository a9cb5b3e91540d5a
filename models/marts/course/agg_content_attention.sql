{#- Of each finding: the share of learners from which on it is a reason, and the words for it. -#}
{%- set findings = {
    'wrong_first': (var('attention_wrong_first_ratio'), 'learners were wrong at first'),
    'never_solved': (var('attention_never_solved_ratio'), 'learners never got it right'),
    'answer_shown': (
        var('attention_answer_shown_ratio'), 'learners asked for the answer before they were right'
    ),
    'many_attempts': (
        var('attention_many_attempts_ratio'),
        'learners made ' ~ var('attention_many_attempts_count') ~ ' attempts or more'
    ),
    'left_early': (
        var('attention_left_early_ratio'),
        'viewers watched less than ' ~ (var('attention_left_early_share') * 100) | round | int
        ~ ' % of it'
    ),
    'sought_back': (
        var('attention_sought_back_ratio'),
        'viewers went back ' ~ var('attention_sought_back_count') ~ ' times or more'
    ),
    'stopped': (
        var('attention_stopped_ratio'),
        'visitors went no further and stayed away for ' ~ var('attention_stopped_days') ~ ' days'
    ),
    'not_completed': (var('attention_not_completed_ratio'), 'visitors did not complete it'),
} -%}

{{ course_relation(order_by=['org', 'course_key', 'block_id']) }}

with

found as (

    select *
    from {{ ref('int_content_findings') }}
    where {{ planned() }}
    union all
    select *
    from {{ ref('int_page_findings') }}
    where {{ planned() }}

),

shares as (

    select
        org,
        course_key,
        block_id,
        block_type,
        known_learner_count,
        round(found_learner_count / known_learner_count, 6) as share,
        multiIf(
            {% for finding, (threshold, words) in findings.items() %}
                finding = '{{ finding }}' and share >= {{ threshold }}, '{{ words }}',
            {% endfor %}
            ''
        ) as words,
        concat(
            toString(found_learner_count), ' of ', toString(known_learner_count), ' ', words
        ) as reason
    from found
    where known_learner_count >= {{ var('attention_min_learner_count') }}

),

-- How much the better learners do worse here is no share of learners, but counts like one.
discriminations as (

    select
        org,
        course_key,
        block_id,
        'problem' as block_type,
        learner_count as known_learner_count,
        least(1., round(
            {{ var('attention_discrimination_index') }} - assumeNotNull(discrimination_index), 6
        )) as share,
        concat(
            'who does well elsewhere does not do better here (correlation ',
            toString(round(assumeNotNull(discrimination_index), 2) + 0), ' over ',
            toString(learner_count), ' learners)'
        ) as reason
    from {{ ref('agg_problem_difficulty') }}
    where
        {{ planned() }}
        and learner_count >= {{ var('attention_discrimination_learner_count') }}
        and discrimination_index < {{ var('attention_discrimination_index') }}

),

reasons as (

    select * except (words)
    from shares
    where words != ''
    union all
    select *
    from discriminations

),

-- The first reason is that of most learners. One more never lowers the score.
scored as (

    select
        org,
        course_key,
        block_id,
        block_type,
        max(known_learner_count) as learner_count,
        arraySort(groupArray((-share, reason))) as sorted_reasons,
        arrayMap(sorted -> sorted.2, sorted_reasons) as reasons,
        round(1 - arrayProduct(arrayMap(sorted -> 1 + sorted.1, sorted_reasons)), 6)
            as attention_score
    from reasons
    group by org, course_key, block_id, block_type

),

blocks as (

    select {{ block_name_columns() }}
    from {{ ref('int_block_names') }}
    where {{ planned() }}

),

published_courses as (

    select distinct course_key
    from {{ ref('dim_course_blocks') }}
    where {{ planned() }}

)

-- What was taken out of the course needs no work any more.
select
    -- ids
    scored.org as org,
    scored.course_key as course_key,
    scored.block_id as block_id,

    -- texts
    scored.block_type as block_type,
    blocks.block_name as block_name,
    blocks.section_name as section_name,
    blocks.subsection_name as subsection_name,
    scored.reasons as reasons,

    -- figures
    scored.attention_score as attention_score,
    scored.learner_count as learner_count
from scored
left join blocks on scored.course_key = blocks.course_key and scored.block_id = blocks.block_id
where
    blocks.block_id != ''
    or scored.course_key not in (
        select published_courses.course_key from published_courses
    )
