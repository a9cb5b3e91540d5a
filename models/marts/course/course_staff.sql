{{ config(materialized='steady_view') }}

with

staff as (

    select *
    from {{ ref('stg_operator__course_staff') }}

)

select
    username,
    course_key
from staff
