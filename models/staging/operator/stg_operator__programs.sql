with

listed as (

    {{ seed_and_operator_table(
        ref('programs'),
        source('operator', 'program_courses'),
        ['program_key', 'program_name', 'course_key']
    ) }}

)

select
    program_key,
    course_key,
    max(program_name) as program_name
from listed
group by program_key, course_key
