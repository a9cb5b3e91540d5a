{#-
    Post-hook of base_xapi__statements: counts the statements of each course in the months of base
    that changed, sets the clock, writes to the ledger each course whose statements changed, and
    remembers which months now hold the same statements in raw and in base.

    A course's version is made of the count and the order-free sum of a hash of its statements, all
    of them and those later than as_of.
-#}
{% macro record_statements() %}
{%- if execute -%}
    {%- do renew_lease() -%}
    {%- set raw = source('xapi', 'xapi_events_all') -%}
    {%- set hash = 'cityHash64(event_id, emission_time, statement_hash, parser_version)' -%}
    {%- set changed -%}
        with
        base_months as ({{ month_signatures(this) }}),
        remembered as (select * from {{ ops('months') }} final)
        select
            if(base_months.month != 0, base_months.month, remembered.month) as month,
            base_months.signature as signature,
            base_months.signature != remembered.base_signature as is_changed
        from base_months
        full outer join remembered on base_months.month = remembered.month
        where is_changed or month in (select month from {{ ops('month_plan') }})
        order by month
        settings join_use_nulls = 0
    {%- endset -%}
    {#- The signatures are read before what they stand for: what changes meanwhile is seen next. -#}
    {%- set signatures = run_query(changed).rows | list -%}
    {%- set changed_months = [] -%}
    {%- for row in signatures if row[2] -%}
        {%- do changed_months.append(row[0]) -%}
    {%- endfor -%}

    {%- if changed_months -%}
        {%- do mark_building(model.name) -%}
        {%- do run_query(
            'alter table ' ~ ops('course_months') ~ ' drop partition '
            ~ changed_months | join(', drop partition ')
        ) -%}
        {%- set counted -%}
            insert into {{ ops('course_months') }}
            select
                toYYYYMM(emission_time) as month,
                coalesce(course_key, '') as course_key,
                count() as statement_count,
                sum({{ hash }}) as statement_hash,
                countIf(event_family != 'malformed') as readable_count
            from {{ this }}
            where month in ({{ changed_months | join(', ') }})
            group by month, course_key
            settings max_partitions_per_insert_block = 0
        {%- endset -%}
        {%- do run_query(counted) -%}
    {%- endif -%}

    {#- The month of as_of may have later statements only: then "now" is in the one before. -#}
    {%- set clock -%}
        insert into {{ ops('clock') }} (as_of, now_at, invocation_id)
        select {{ as_of() }}, max(emission_time), '{{ invocation_id }}'
        from {{ this }}
        where
            event_family != 'malformed'
            and emission_time <= {{ as_of() }}
            and toYYYYMM(emission_time) in (
                select distinct month
                from {{ ops('course_months') }}
                where readable_count > 0 and month <= toYYYYMM({{ as_of() }})
                order by month desc
                limit 2
            )
    {%- endset -%}
    {%- do run_query(clock) -%}

    {%- set versions -%}
        select
            known.course_key as course_key,
            cityHash64(known.row_count, known.hash, later.row_count, later.hash) as version
        from (
            select
                course_key,
                sum(statement_count) as row_count,
                sum(statement_hash) as hash
            from {{ ops('course_months') }}
            group by course_key
        ) as known
        left join (
            select
                coalesce(course_key, '') as course_key,
                count() as row_count,
                sum({{ hash }}) as hash
            from {{ this }}
            where emission_time > {{ as_of() }}
            group by course_key
        ) as later on known.course_key = later.course_key
    {%- endset -%}
    {%- do run_query(ledger_update(model.name, versions)) -%}

    {#- An id that stands in two months of raw is in one month of base: such months are compared
        again by every run, for either row may go. -#}
    {%- set remember -%}
        insert into {{ ops('months') }} (month, raw_signature, base_signature, parser_version)
        with
        planned as (select month, raw_signature from {{ ops('month_plan') }}),
        raw_ids as (
            select
                month,
                cityHash64(count(), sum(cityHash64(event_id))) as hash,
                cityHash64(sum(row_count), sum(row_count * cityHash64(event_id))) as signature
            from (
                select
                    toYYYYMM(toTimeZone(emission_time, 'UTC')) as month,
                    event_id,
                    count() as row_count
                from {{ raw }}
                where month in (select planned.month from planned)
                group by month, event_id
            )
            group by month
        ),
        base_ids as (
            select
                toYYYYMM(emission_time) as month,
                cityHash64(count(), sum(cityHash64(event_id))) as hash
            from {{ this }}
            where
                month in (select planned.month from planned)
                and not {{ is_kept() }}
            group by month
        ),
        same as (
            select planned.month as month, planned.raw_signature as raw_signature
            from planned
            inner join raw_ids on planned.month = raw_ids.month
            inner join base_ids on planned.month = base_ids.month
            where
                raw_ids.hash = base_ids.hash
                {%- if not has_month_parts(raw) %}
                -- A signature of ids comes back when what arrived meanwhile is erased again.
                and raw_ids.signature = planned.raw_signature
                {%- endif %}
        ),
        base_months as (
            select month, signature
            from values('month UInt32, signature UInt64'
            {%- for row in signatures %}, ({{ row[0] }}, {{ row[1] }}){% endfor %})
        )
        select
            base_months.month as month,
            same.raw_signature as raw_signature,
            base_months.signature as base_signature,
            {{ parser_version() }} as parser_version
        from base_months
        left join same on base_months.month = same.month
        settings join_use_nulls = 0
    {%- endset -%}
    {%- if signatures -%}
        {%- do run_query(remember) -%}
    {%- endif -%}
{%- endif -%}
{% endmacro %}
