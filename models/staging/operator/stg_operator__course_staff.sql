with

listed as (

    {{ seed_and_operator_table(
        ref('course_staff_list'), source('operator', 'course_staff'), ['username', 'course_key']
    ) }}

)

-- Nobody's name and no course's key give nobody anything.
select distinct
    username,
    course_key
from listed
where username != '' and course_key != ''
