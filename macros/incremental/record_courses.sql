{#-
    Post-hook of every incremental relation above base: what was planned is now built. The versions
    come from the plan: computed now they could claim what the build did not read.
-#}
{% macro record_courses() %}
    {%- do renew_lease() if execute -%}
    insert into {{ ops('ledger') }} (relation, course_key, version, invocation_id)
    select
        relation,
        course_key,
        version,
        '{{ invocation_id }}' as invocation_id
    from {{ ops('plan') }}
    where relation = '{{ model.name }}'
{% endmacro %}
