{#- Targets that fewer learners followed are not shown by themselves. -#}
{%- set least_size = [5, var('min_group_size') | int] | max %}

{{ course_relation(order_by=['org', 'course_key', 'target']) }}

with

sent_events as (

    select *
    from {{ ref('stg_xapi__navigation_events') }}
    where {{ counted() }}

),

clicks as (

    select
        coalesce(org, '') as org,
        assumeNotNull(course_key) as course_key,
        actor_id,
        {{ target_of_url('target_url') }} as target,
        extract(target, '^https?://[^/]+') as site
    from sent_events
    where event_type = 'link_clicked'

),

targets as (

    select
        org,
        course_key,
        site,
        target,
        count() as clicks_of_target,
        uniqExactState(actor_id) as learners
    from clicks
    group by org, course_key, site, target

),

sites as (

    select
        *,
        uniqExactMerge(learners) over (partition by course_key, site) as site_learner_count
    from targets

),

-- What has no site, such as `mailto:`, tells of nobody, unless its scheme is a made-up one.
folded as (

    select
        org,
        course_key,
        multiIf(
            finalizeAggregation(learners) >= {{ least_size }}, target,
            match(target, '^(?:(?:mailto|tel|sms|ftp|file|data|blob|about|javascript):)?$'), target,
            site != '' and site_learner_count >= {{ least_size }}, site,
            '(other sites)'
        ) as shown_target,
        clicks_of_target,
        learners
    from sites

),

-- Masked again: the parser looked at what had not been decoded yet.
shown as (

    select
        org,
        course_key,
        {{ masked('shown_target') }} as masked_target,
        sum(clicks_of_target) as clicks_of_target,
        uniqExactMergeState(learners) as learners
    from folded
    group by org, course_key, shown_target

)

select
    org,
    course_key,
    masked_target as target,
    sum(clicks_of_target) as click_count,
    uniqExactMerge(learners) as learner_count
from shown
group by org, course_key, masked_target
