-- What it says: the days of agg_forum_activity_daily and agg_navigation_daily hold, course by
--   course and day by day, as many statements as agg_course_activity_daily counts of the family.
-- When it matters: two pages that show the same clicks or posts would not agree.
-- What to do: the day that differs shows which statements a mart leaves out or counts twice; look
--   at its join with dim_course_blocks first.
{% set marts = {
    'forum': ref('agg_forum_activity_daily'), 'navigation': ref('agg_navigation_daily')
} -%}

with

course_days as (

    select *
    from {{ ref('agg_course_activity_daily') }}

),

of_course_days as (

    {% for family in marts %}
        select
            course_key,
            date,
            '{{ family }}' as event_family,
            {{ family }}_event_count as event_count
        from course_days
        where {{ family }}_event_count > 0
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

of_marts as (

    {% for family in marts %}
        select
            course_key,
            date,
            '{{ family }}' as event_family,
            sum(event_count) as event_count
        from {{ marts[family] }}
        group by course_key, date
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    if(days.course_key != '', days.course_key, marts.course_key) as course_key,
    if(days.course_key != '', days.event_family, marts.event_family) as event_family,
    greatest(days.date, marts.date) as date,
    days.event_count as event_count,
    marts.event_count as event_count_of_the_mart
from of_course_days as days
full outer join of_marts as marts
    on
        days.course_key = marts.course_key
        and days.event_family = marts.event_family
        and days.date = marts.date
where days.event_count != marts.event_count
