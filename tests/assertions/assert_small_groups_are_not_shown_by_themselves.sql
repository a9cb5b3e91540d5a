-- What it says: no page of agg_link_clicks was followed by fewer learners than `min_group_size`, or
--   than 5, or stands there with query, fragment or parameters; of agg_problem_responses the folded
--   rows, and no others, are `(other answers)`, and nothing is said of whether these are right.
-- When it matters: what few typed or followed may name them.
-- What to do: look for a form of address that the macro target_of_url does not take for one of the
--   web, or for a response that is shown beside the one that its question folds into.
{%- set least_size = [5, var('min_group_size') | int] | max %}

with

links as (

    select *
    from {{ ref('agg_link_clicks') }}

),

responses as (

    select *
    from {{ ref('agg_problem_responses') }}

)

select
    course_key,
    target as shown,
    learner_count
from links
where
    (learner_count < {{ least_size }} and match(target, '^https?://[^/]+/'))
    or match(target, '[?#;]')
union all
select
    course_key,
    response as shown,
    first_learner_count as learner_count
from responses
where
    is_folded != (response = '(other answers)')
    or (is_folded and isNotNull(is_correct))
