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

),

masked as (

    select
        *,
        {{ masked_each([
            "nullIf(trimBoth(gender), '')",
            "nullIf(trimBoth(level_of_education), '')",
            "nullIf(trimBoth(country), '')",
            "nullIf(trimBoth(language), '')"
        ]) }} as masked_texts
    from newest

)

select
    -- ids
    user_id,

    -- texts
    masked_texts[1] as gender,
    masked_texts[2] as level_of_education,
    upper(masked_texts[3]) as country,
    lower(masked_texts[4]) as language,

    -- figures
    toUInt16OrNull(year_of_birth) as year_of_birth,

    -- times
    dumped_at as last_published_at
from masked
