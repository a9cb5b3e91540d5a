{#-
    Brings oars_ops.course_months up to date: of months that were compared id by id all statements are
    counted anew, of months that have grown what was appended is added. Until record_base has read
    it, and remember_months has noted how base was, a run that is killed leaves months that are counted
    anew by the next.
-#}
{% macro count_statements(base) %}
    {%- set plan = oars.state().base -%}
    {%- set added = plan.months | reject('in', plan.recounted) | list if plan.filter else [] -%}
    {%- if plan.recounted -%}
        {%- do run_query(
            'alter table ' ~ oars.ops('course_months') ~ ' drop partition '
            ~ plan.recounted | join(', drop partition ')
        ) -%}
        {%- do run_query(oars.counted_statements(
            base, 'toYYYYMM(emission_time) in (' ~ plan.recounted | join(', ') ~ ')'
        )) -%}
    {%- endif -%}
    {%- set appended = 'loaded_at = ' ~ oars.run_moment() -%}
    {%- if added -%}
        {%- do run_query(oars.counted_statements(
            base, 'toYYYYMM(emission_time) in (' ~ added | join(', ') ~ ') and ' ~ appended
        )) -%}
    {%- endif -%}
    {%- if plan.filter -%}
        {%- do plan.update({'appended_count': run_query(
            'select count() from ' ~ base ~ ' where toYYYYMM(emission_time) in ('
            ~ plan.months | join(', ') ~ ') and ' ~ appended
        ).rows[0][0]}) -%}
    {%- endif -%}
{% endmacro %}


{#- Statement that adds the counts of these statements of base. -#}
{% macro counted_statements(base, condition) -%}
    insert into {{ oars.ops('course_months') }}
    select
        toYYYYMM(emission_time) as month,
        {{ oars.counted_family() }} as family,
        coalesce(course_key, '') as course_key,
        count() as statement_count,
        sum({{ oars.statement_version() }}) as statement_hash,
        max(emission_time) as newest_at,
        maxIf(emission_time, event_family != 'malformed') as newest_readable_at
    from {{ base }}
    where {{ condition }}
    group by month, family, course_key
    settings max_partitions_per_insert_block = 0
{%- endmacro %}


{#- Hash of a statement of base and of how it was read. Summed, it does not depend on an order. -#}
{% macro statement_version() -%}
    cityHash64(event_id, emission_time, statement_hash, parser_version)
{%- endmacro %}


{#- Family of a statement: what takes statements back, news for any course, is one within its own. -#}
{% macro counted_family() -%}
    if(event_type = 'statement_voided', 'other/voiding', event_family)
{%- endmacro %}
