{#-
    Every statement of the family is in the view, and no other. For views of families that another
    project adds; assert_staging_views_hold_every_statement looks at those of this one.
-#}
{% test has_whole_family(model, family) %}

with

family_statements as (

    select event_id
    from {{ ref('oars', 'base_xapi__statements_final') }}
    where event_family = '{{ family }}'

),

staged_statements as (

    select event_id
    from {{ model }}

)

select event_id
from family_statements
where event_id not in (select staged.event_id from staged_statements as staged)
union all
select event_id
from staged_statements
where event_id not in (select family.event_id from family_statements as family)

{% endtest %}
