{{ config(enabled=var('pii_enabled'), schema='pii') }}

with

profiles as (

    select
        *,
        {{ moment('time_last_dumped') }} as dumped_at
    from {{ optional_source('user_profile') }}
    where not ({{ is_forgotten("concat('user ', toString(user_id))") }})

),

newest as (

    select *
    from profiles
    order by user_id asc, dumped_at desc, dump_id desc, id desc
    limit 1 by user_id

)

select
    user_id,
    nullIf(username, '') as username,
    nullIf(name, '') as full_name,
    nullIf(email, '') as email,
    dumped_at as last_published_at
from newest
