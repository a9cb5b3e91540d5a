{{ course_relation(order_by=['actor_id'], scope='instance') }}
{{ config(enabled=var('pii_enabled'), schema='pii') }}

with

external_ids as (

    select *
    from {{ ref('stg_event_sink__external_ids') }}

),

users as (

    select *
    from {{ ref('stg_event_sink__named_users') }}

),

excluded as (

    select actor_id
    from {{ ref('excluded_actors') }}
    where course_key = ''

)

select
    external_ids.actor_id as actor_id,
    users.username as username,
    users.full_name as full_name,
    users.email as email
from external_ids
left join users on external_ids.user_id = users.user_id
where external_ids.actor_id not in (select excluded.actor_id from excluded)
