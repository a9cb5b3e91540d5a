with

tags as (

    select
        *,
        {{ moment('time_last_dumped') }} as dumped_at
    from {{ optional_source('tag') }}

),

newest as (

    select *
    from tags
    order by id asc, dumped_at desc, dump_id desc
    limit 1 by id

)

select
    toInt64(id) as tag_id,
    toInt64(taxonomy) as taxonomy_id,
    {{ masked("nullIf(value, '')") }} as tag_name,
    dumped_at as last_published_at
from newest
