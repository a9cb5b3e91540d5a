-- What it says: the values of each attribute of agg_course_demographics add up to the learners that
--   fct_enrollments has as enrolled, and no value but unknown has fewer than 5 learners.
-- When it matters: a group left out, or one so small that it shows a person.
-- What to do: compare the learners of the course in both marts; small groups point at the folding
--   in agg_course_demographics.
with

demographics as (

    select *
    from {{ ref('agg_course_demographics') }}

),

enrollments as (

    select *
    from {{ ref('fct_enrollments') }}
    where is_enrolled

),

attributes as (

    select
        course_key,
        attribute,
        minIf(toNullable(enrolled_count), value != 'unknown') as smallest_count,
        sum(enrolled_count) as total_count
    from demographics
    group by course_key, attribute

),

courses as (

    select
        course_key,
        count() as enrolled_count
    from enrollments
    group by course_key

)

select
    attributes.course_key as course_key,
    attributes.attribute as attribute,
    attributes.total_count as enrolled_count,
    attributes.smallest_count as smallest_count,
    courses.enrolled_count as enrolled_learners
from attributes
left join courses on attributes.course_key = courses.course_key
where
    attributes.total_count != courses.enrolled_count
    or coalesce(attributes.smallest_count < 5, false)
