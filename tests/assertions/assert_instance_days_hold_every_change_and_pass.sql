-- What it says: over all days agg_instance_daily has the activations and deactivations of
--   fct_enrollment_changes and each first pass of fct_learner_grades.
-- When it matters: a change or pass on a day outside of the calendar would be lost unseen.
-- What to do: compare the first and last day of the three marts; a day of a change that is not in
--   the calendar says that its statement did not count as an event.
with

instance_days as (

    select *
    from {{ ref('agg_instance_daily') }}

),

changes as (

    select *
    from {{ ref('fct_enrollment_changes') }}

),

grades as (

    select *
    from {{ ref('fct_learner_grades') }}

),

instance_totals as (

    select
        sum(activation_count) as activation_count,
        sum(deactivation_count) as deactivation_count,
        sum(passed_count) as passed_count
    from instance_days

),

change_totals as (

    select
        countIf(change = 'activation') as activation_count,
        countIf(change = 'deactivation') as deactivation_count
    from changes

),

pass_totals as (

    select count(first_passed_at) as passed_count
    from grades

)

select
    instance.activation_count as activation_count,
    changes.activation_count as activations,
    instance.deactivation_count as deactivation_count,
    changes.deactivation_count as deactivations,
    instance.passed_count as passed_count,
    passes.passed_count as passes
from instance_totals as instance
cross join change_totals as changes
cross join pass_totals as passes
where
    instance.activation_count != changes.activation_count
    or instance.deactivation_count != changes.deactivation_count
    or instance.passed_count != passes.passed_count
