with

external_ids as (

    select
        *,
        toString(external_user_id) as actor_id,
        {{ moment('time_last_dumped') }} as dumped_at
    from {{ optional_source('external_id') }}
    where
        external_id_type = 'xapi'
        and not ({{ is_forgotten("concat('user ', toString(user_id))") }})

),

newest as (

    select *
    from external_ids
    where not ({{ is_forgotten('actor_id') }})
    order by actor_id asc, dumped_at desc, dump_id desc, user_id asc
    limit 1 by actor_id

)

select
    actor_id,
    user_id,
    dumped_at as last_published_at
from newest
