with

enrollments as (

    select
        *,
        {{ moment('time_last_dumped') }} as dumped_at
    from {{ optional_source('course_enrollment') }}
    where not ({{ is_forgotten("concat('user ', toString(user_id))") }})

),

newest as (

    select *
    from enrollments
    order by course_key asc, user_id asc, dumped_at desc, dump_id desc, is_active desc, mode asc
    limit 1 by course_key, user_id

)

select
    -- ids
    course_key,
    user_id,

    -- texts
    {{ masked("nullIf(toString(mode), '')") }} as enrollment_mode,

    -- booleans
    is_active::Bool as is_enrolled,

    -- times; of an enrolment without a readable one that of its dump
    coalesce({{ moment('created') }}, dumped_at) as created_at,
    dumped_at as last_published_at
from newest
