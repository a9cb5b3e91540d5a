-- What it says: month by month, the staging views of all families, the unclassified and the
--   malformed statements together hold every row of base, each in the view of its family.
-- When it matters: a family without a view, or a view with a filter too many, loses statements
--   behind the parser.
-- What to do: see which family differs; give it a view, or take the filter out of the one it has.
{% set views = {
    'enrollment': 'stg_xapi__enrollment_events',
    'navigation': 'stg_xapi__navigation_events',
    'video': 'stg_xapi__video_events',
    'problem': 'stg_xapi__problem_events',
    'grading': 'stg_xapi__grading_events',
    'completion': 'stg_xapi__completion_events',
    'forum': 'stg_xapi__forum_events',
    'exam': 'stg_xapi__exam_events',
    'other': 'stg_xapi__other_events',
    'unclassified': 'stg_xapi__unclassified_statements',
    'malformed': 'stg_xapi__malformed_statements',
} -%}
{% set added = var('extra_xapi_families', []) | map(attribute='family') -%}

with

base_statements as (

    select
        event_family,
        emission_time
    from {{ ref('base_xapi__statements_final') }}
    -- What another project adds has its view there, with the test has_whole_family.
    where not has({{ text_array(added | list) }}::Array(String), event_family)

),

staged_statements as (

    {% for family, view in views.items() %}
        select
            '{{ family }}' as event_family,
            emission_time
        from {{ ref(view) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

base_months as (

    select
        event_family,
        toYYYYMM(emission_time) as month,
        count() as statement_count
    from base_statements
    group by event_family, month

),

staged_months as (

    select
        event_family,
        toYYYYMM(emission_time) as month,
        count() as statement_count
    from staged_statements
    group by event_family, month

)

select
    if(base.event_family != '', base.event_family, staged.event_family) as event_family,
    greatest(base.month, staged.month) as month,
    base.statement_count as statement_count,
    staged.statement_count as staged_statement_count
from base_months as base
full outer join staged_months as staged
    on base.event_family = staged.event_family and base.month = staged.month
where base.statement_count != staged.statement_count
