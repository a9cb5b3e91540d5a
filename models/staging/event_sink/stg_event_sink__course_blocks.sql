with

blocks as (

    select
        *,
        {{ moment('time_last_dumped') }} as dumped_at
    from {{ source('event_sink', 'course_blocks') }}

),

-- A removed block is merely absent from the newest dump, so the dump counts and not the block.
newest_dumps as (

    select
        course_key,
        argMax(dump_id, (coalesce(dumped_at, toDateTime64(0, 6, 'UTC')), dump_id)) as dump_id
    from blocks
    group by course_key

),

newest as (

    select blocks.*
    from blocks
    inner join newest_dumps
        on blocks.course_key = newest_dumps.course_key and blocks.dump_id = newest_dumps.dump_id
    order by
        blocks.course_key asc, blocks.location asc, blocks.dumped_at desc, blocks."order" asc
    limit 1 by blocks.course_key, blocks.location

),

masked as (

    select
        *,
        {{ masked_each([
            "org",
            "nullIf(JSONExtractString(xblock_data_json, 'block_type'), '')",
            "nullIf(display_name, '')",
            "nullIf(JSONExtractString(xblock_data_json, 'completion_mode'), '')"
        ]) }} as masked_texts
    from newest

)

select
    -- ids
    course_key,
    coalesce(masked_texts[1], '') as org,
    location as block_id,

    -- texts
    masked_texts[2] as block_type,
    masked_texts[3] as block_name,
    masked_texts[4] as completion_mode,

    -- place in the course; 0 where the block is above or outside of the tree
    "order" as course_order,
    JSONExtractUInt(xblock_data_json, 'section') as section_number,
    JSONExtractUInt(xblock_data_json, 'subsection') as subsection_number,
    JSONExtractUInt(xblock_data_json, 'unit') as unit_number,
    JSONExtract(xblock_data_json, 'tags', 'Array(Int64)') as tag_ids,

    -- booleans
    {{ json_flag('xblock_data_json', 'graded') }}::Bool as is_graded,
    {{ json_flag('xblock_data_json', 'detached') }}::Bool as is_detached,

    -- times
    dumped_at as last_published_at
from masked
