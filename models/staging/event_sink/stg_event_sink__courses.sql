with

overviews as (

    select
        *,
        {{ moment('time_last_dumped') }} as dumped_at
    from {{ source('event_sink', 'course_overviews') }}

),

newest as (

    select *
    from overviews
    order by course_key asc, dumped_at desc, dump_id desc, modified desc
    limit 1 by course_key

),

masked as (

    select
        *,
        {{ masked_each([
            "org",
            "nullIf(display_name, '')",
            "nullIf(JSONExtractString(course_data_json, 'language'), '')"
        ]) }} as masked_texts
    from newest

)

select
    -- ids
    course_key,
    coalesce(masked_texts[1], '') as org,
    toUUID(dump_id) as dump_id,

    -- texts
    masked_texts[2] as course_name,
    masked_texts[3] as language,

    -- figures
    JSONExtract(course_data_json, 'lowest_passing_grade', 'Nullable(Float64)')
        as lowest_passing_grade,
    JSONExtract(course_data_json, 'tags', 'Array(Int64)') as tag_ids,

    -- booleans
    toNullable(self_paced) as is_self_paced,

    -- times
    {{ moment('course_start') }} as course_started_at,
    {{ moment('course_end') }} as course_ends_at,
    {{ moment('enrollment_start') }} as enrollment_starts_at,
    {{ moment('enrollment_end') }} as enrollment_ends_at,
    dumped_at as last_published_at
from masked
