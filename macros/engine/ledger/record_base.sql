{#-
    Writes to the ledger what has changed in base: the version of each course in each family, made of
    the count and the order-free hash of its statements, all of them and those later than as_of; the
    day of "now"; and that base is whole again. Sets the clock before that. Nothing is asked of a
    statement unless some are later than as_of.
-#}
{% macro record_base(base) %}
    {%- set question -%}
        select
            toString(max(newest_readable_at)),
            max(newest_readable_at) > {{ oars.as_of() }} as is_now_before_newest,
            max(newest_at) > {{ oars.as_of() }} as has_later,
            -- What was later than as_of then or is so now: statements come due as time goes on.
            max(newest_at) > least({{ oars.as_of() }}, (
                select argMax(as_of, written_at) from {{ oars.ops('clock') }}
            )) as is_due
        from {{ oars.ops('course_months') }}
    {%- endset -%}
    {%- set newest, is_now_before_newest, has_later, is_due = run_query(question).rows[0] -%}
    {%- if oars.state().base.months or is_due -%}
        {%- set now_at = oars.newest_by_as_of(base) if is_now_before_newest
            else "toDateTime64('" ~ newest ~ "', 6, 'UTC')" -%}
        {%- do oars.claim() -%}
        {%- do run_query(
            'insert into ' ~ oars.ops('clock') ~ ' (as_of, now_at, invocation_id, written_at) select '
            ~ oars.as_of() ~ ', ' ~ now_at ~ ", '" ~ invocation_id ~ "', " ~ oars.written_at()
        ) -%}
        {%- do oars.record_versions(
            oars.base_versions(base, has_later), ['base', 'day'], prefix='base/'
        ) -%}
    {%- endif -%}
{% endmacro %}


{#- The newest readable statement that is not later than as_of. -#}
{% macro newest_by_as_of(base) -%}
    (
        select max(emission_time)
        from {{ base }}
        where
            event_family != 'malformed'
            and emission_time <= {{ oars.as_of() }}
            -- The month of as_of may have later statements only: then "now" is in the one before.
            and toYYYYMM(emission_time) in (
                select distinct month
                from {{ oars.ops('course_months') }}
                where newest_readable_at > toDateTime64(0, 6, 'UTC') and month <= toYYYYMM({{ oars.as_of() }})
                order by month desc
                limit 2
            )
    )
{%- endmacro %}


{#- Select of the versions of base's roots, see record_base. -#}
{% macro base_versions(base, has_later) -%}
    select
        concat('base/', family) as relation,
        course_key,
        cityHash64(sum(statement_count), sum(statement_hash), sum(later_count), sum(later_hash))
            as version
    from (
        select
            toString(family) as family,
            course_key,
            statement_count,
            statement_hash,
            0 as later_count,
            0 as later_hash
        from {{ oars.ops('course_months') }}
        {%- if has_later %}
        union all
        select
            {{ oars.counted_family() }},
            coalesce(course_key, ''),
            0,
            0,
            1,
            {{ oars.statement_version() }}
        from {{ base }}
        where emission_time > {{ oars.as_of() }}
        {%- endif %}
    )
    group by family, course_key
    union all
    select 'day', '*', cityHash64(tuple({{ oars.day_of(oars.now_at()) }}))
    union all
    select 'base', '*', 1
{%- endmacro %}


{#-
    Writes to the ledger that base is being changed, under the key '*' that all that read it look at:
    what is built beside it, should this run be killed, is built again. record_base takes it back.
-#}
{% macro mark_base() %}
    {%- do oars.claim() -%}
    {%- do oars.unsettle("select 'base' as relation, '*' as course_key") -%}
{% endmacro %}
