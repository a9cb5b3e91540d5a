with

blocks as (

    select
        *,
        parseDateTime64BestEffortOrNull(time_last_dumped, 6, 'UTC') as dumped_at
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

)

select
    -- ids
    course_key,
    org,
    location as block_id,

    -- texts
    nullIf(JSONExtractString(xblock_data_json, 'block_type'), '') as block_type,
    nullIf(display_name, '') as block_name,
    nullIf(JSONExtractString(xblock_data_json, 'completion_mode'), '') as completion_mode,

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
from newest
