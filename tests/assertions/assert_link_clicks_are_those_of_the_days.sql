-- What it says: the targets of agg_link_clicks have together, course by course, as many clicks as
--   agg_navigation_daily counts of link_clicked.
-- When it matters: a target that cannot be read must not lose its clicks.
-- What to do: look for a form of URL that the macro target_of_url makes NULL.
with

clicks as (

    select *
    from {{ ref('agg_link_clicks') }}

),

days as (

    select *
    from {{ ref('agg_navigation_daily') }}

),

of_targets as (

    select
        course_key,
        sum(click_count) as click_count
    from clicks
    group by course_key

),

of_days as (

    select
        course_key,
        sum(event_count) as click_count
    from days
    where event_type = 'link_clicked'
    group by course_key

)

select
    if(of_days.course_key != '', of_days.course_key, of_targets.course_key) as course_key,
    of_targets.click_count as click_count,
    of_days.click_count as click_count_of_the_days
from of_days
full outer join of_targets on of_days.course_key = of_targets.course_key
where of_targets.click_count != of_days.click_count
