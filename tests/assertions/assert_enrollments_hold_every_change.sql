-- What it says: fct_enrollments counts, course by course, the activations and mode changes of
--   fct_enrollment_changes, for the learners whom events tell of; each activation was left
--   again, but those of the learners enrolled now, and whoever left without one was in before.
-- When it matters: two marts that count the same learners' changes must not contradict each
--   other.
-- What to do: compare the learners of the course in both marts; look at the steps of one who
--   differs in int_enrollment_steps.
with

changes as (

    select *
    from {{ ref('fct_enrollment_changes') }}

),

enrollments as (

    select *
    from {{ ref('fct_enrollments') }}

),

first_changes as (

    select
        course_key,
        argMin(change, (changed_at, event_id)) as first_change
    from changes
    group by course_key, actor_id

),

in_before as (

    select
        course_key,
        countIf(first_change = 'deactivation') as learner_count
    from first_changes
    group by course_key

),

changes_by_course as (

    select
        course_key,
        countIf(change = 'activation') as activation_count,
        countIf(change = 'deactivation') as deactivation_count,
        countIf(change = 'mode_change') as mode_change_count
    from changes
    group by course_key

),

learners_by_course as (

    select
        course_key,
        sum(enrollment_count) as activation_count,
        sum(enrollment_count) - countIf(is_enrolled) as deactivation_count,
        sum(mode_change_count) as mode_change_count
    from enrollments
    where enrollment_source = 'events'
    group by course_key

)

select
    if(changes.course_key != '', changes.course_key, learners.course_key) as course_key,
    changes.activation_count as activation_count,
    learners.activation_count as learner_activation_count,
    changes.deactivation_count as deactivation_count,
    learners.deactivation_count as learner_deactivation_count,
    in_before.learner_count as in_before_count,
    changes.mode_change_count as mode_change_count,
    learners.mode_change_count as learner_mode_change_count
from changes_by_course as changes
full outer join learners_by_course as learners on changes.course_key = learners.course_key
left join in_before on changes.course_key = in_before.course_key
where
    changes.activation_count != learners.activation_count
    or changes.deactivation_count != learners.deactivation_count + in_before.learner_count
    or changes.mode_change_count != learners.mode_change_count
