{%- set measures = [
    'enrolled_count', 'ever_enrolled_count', 'unenrolled_active_count', 'lms_enrolled_count',
    'active_learner_7d_count', 'active_learner_30d_count', 'passed_count', 'passed_ratio',
    'graded_count', 'avg_grade_ratio', 'median_grade_ratio', 'avg_completion_ratio',
    'at_risk_count', 'high_risk_count', 'gone_count', 'last_event_at',
] -%}

-- What it says: a program of one course has in agg_programs the measures that agg_courses has of
--   the course; a program of several has at most as many learners as its courses together.
-- When it matters: programs and courses are read side by side.
-- What to do: both count by the macro learner_measures; look at what each gives it as a learner.
with

programs as (

    select *
    from {{ ref('agg_programs') }}

),

courses as (

    select *
    from {{ ref('agg_courses') }}

),

program_courses as (

    select
        program_key,
        course_key
    from {{ ref('stg_operator__programs') }}

),

program_figures as (

    select
        program_key,
        course_count,
        enrolled_count,
        toString(tuple({{ measures | join(', ') }})) as figures
    from programs

),

sums as (

    select
        program_courses.program_key as program_key,
        sum(courses.enrolled_count) as enrolled_sum,
        groupArray(toString(tuple({{ measures | join(', ') }}))) as course_figures
    from program_courses
    inner join courses on program_courses.course_key = courses.course_key
    group by program_key

)

select
    programs.program_key as program_key,
    programs.figures as figures,
    sums.course_figures as course_figures
from program_figures as programs
inner join sums on programs.program_key = sums.program_key
where
    programs.enrolled_count > sums.enrolled_sum
    or (programs.course_count = 1 and sums.course_figures != [programs.figures])
