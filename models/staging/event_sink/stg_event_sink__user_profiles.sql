with

profiles as (

    select
        *,
        parseDateTime64BestEffortOrNull(time_last_dumped, 6, 'UTC') as dumped_at
    from {{ source('event_sink', 'user_profile') }}

),

newest as (

    select *
    from profiles
    order by user_id asc, dumped_at desc, dump_id desc, id desc
    limit 1 by user_id

)

select
    -- ids
    user_id,

    -- texts
    nullIf(trimBoth(gender), '') as gender,
    nullIf(trimBoth(level_of_education), '') as level_of_education,
    nullIf(upper(trimBoth(country)), '') as country,
    nullIf(lower(trimBoth(language)), '') as language,

    -- figures
    toUInt16OrNull(year_of_birth) as year_of_birth,

    -- times
    dumped_at as last_published_at
from newest
