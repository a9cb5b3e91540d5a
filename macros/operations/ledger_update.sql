{#-
    Statement that writes to the ledger those of a relation's versions that changed. `versions` is a
    select of course_key and version; a course that it lacks gets version 0.
-#}
{% macro ledger_update(relation, versions) -%}
    insert into {{ ops('ledger') }} (relation, course_key, version, invocation_id)
    with
    found as ({{ versions }}),
    known as ({{ ledger_versions([relation]) }})
    select
        '{{ relation }}' as relation,
        if(found.version != 0, found.course_key, known.course_key) as course_key,
        found.version as version,
        '{{ invocation_id }}' as invocation_id
    from found
    full outer join known on found.course_key = known.course_key
    where found.version != known.version
    settings join_use_nulls = 0
{%- endmacro %}
