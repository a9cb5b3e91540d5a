-- What it says: each day of a course in agg_course_activity_daily is the sum of its learners' days:
--   events in all and by family, sessions, time.
-- When it matters: course page and learner page show the same activity from two marts.
-- What to do: a day that only learners have points at the calendar; a family that differs alone
--   points at the list in the macro event_families.
{% set measures = ['event_count', 'session_count'] -%}
{% for family in event_families().split() -%}
    {% do measures.append(family ~ '_event_count') -%}
{% endfor -%}

with

course_days as (

    select *
    from {{ ref('agg_course_activity_daily') }}

),

learner_days as (

    select *
    from {{ ref('int_learner_course_days') }}
    where course_key != ''

),

learners_by_day as (

    select
        course_key,
        date,
        {% for measure in measures %}
            sum({{ measure }}) as {{ measure }},
        {% endfor %}
        {{ seconds('sum(time_spent_microseconds)') }} as time_spent_seconds
    from learner_days
    group by course_key, date

)

select
    if(courses.course_key != '', courses.course_key, learners.course_key) as course_key,
    greatest(courses.date, learners.date) as date,
    {% for measure in measures %}
        courses.{{ measure }} as {{ measure }},
        learners.{{ measure }} as {{ measure }}_of_learners,
    {% endfor %}
    courses.time_spent_seconds as time_spent_seconds,
    learners.time_spent_seconds as time_spent_seconds_of_learners
from course_days as courses
full outer join learners_by_day as learners
    on courses.course_key = learners.course_key and courses.date = learners.date
where
    courses.time_spent_seconds != learners.time_spent_seconds
    {% for measure in measures %}
        or courses.{{ measure }} != learners.{{ measure }}
    {% endfor %}
