{#-
    Pre-hook of base_xapi__statements: writes to oars_ops.month_plan the months of raw that hold
    statements which base lacks, after dropping the months of base that hold statements which raw
    lacks, or that another parser read.

    Raw and base are compared by month, first by count and sum of a hash of the ids; the exact
    sets of ids are compared only in months where these differ.
-#}
{% macro plan_months() %}
{%- if execute -%}
    {%- set raw = source('xapi', 'xapi_events_all') -%}
    {%- set month = "toYYYYMM(toTimeZone(emission_time, 'UTC'))" -%}
    {%- set is_new = should_full_refresh() or load_cached_relation(this) is none -%}
    {%- set parser = run_query('select ' ~ parser_version()).rows[0][0] -%}
    {%- set signature = 'count() as row_count, sum(cityHash64(event_id)) as id_hash' -%}

    {%- do run_query('truncate table ' ~ ops('month_plan')) -%}
    {%- if is_new -%}
        {%- do run_query(
            'insert into ' ~ ops('month_plan') ~ ' select distinct ' ~ month ~ ' from ' ~ raw
        ) -%}
    {%- else -%}
        {%- set differing -%}
            with
            raw_months as (
                select {{ month }} as month, {{ signature }} from {{ raw }} group by month
            ),
            base_months as (
                select
                    toYYYYMM(emission_time) as month,
                    {{ signature }},
                    countIf(parser_version != {{ parser }}) as stale_count
                from {{ this }}
                group by month
            )
            select if(raw_months.row_count > 0, raw_months.month, base_months.month)
            from raw_months
            full outer join base_months on raw_months.month = base_months.month
            where
                raw_months.row_count != base_months.row_count
                or raw_months.id_hash != base_months.id_hash
                or base_months.stale_count > 0
            settings join_use_nulls = 0
        {%- endset -%}
        {%- set months = run_query(differing).rows | map(attribute=0) | list -%}
        {%- if months -%}
            {%- set raw_ids -%}
                from {{ raw }} where {{ month }} in ({{ months | join(', ') }})
            {%- endset -%}
            {%- set outdated -%}
                select distinct toYYYYMM(emission_time) as month
                from {{ this }}
                where
                    month in ({{ months | join(', ') }})
                    and (
                        parser_version != {{ parser }}
                        or (month, event_id) not in (select {{ month }}, event_id {{ raw_ids }})
                    )
                order by month
            {%- endset -%}
            {%- for old in run_query(outdated).rows | map(attribute=0) -%}
                {%- do log('Statements of ' ~ old ~ ' are read again.', info=true) -%}
                {%- do run_query('alter table ' ~ this ~ ' drop partition ' ~ old) -%}
            {%- endfor -%}
            {%- set missing -%}
                insert into {{ ops('month_plan') }}
                select distinct {{ month }}
                {{ raw_ids }}
                and event_id not in (
                    select event_id from {{ this }} where event_id in (select event_id {{ raw_ids }})
                )
            {%- endset -%}
            {%- do run_query(missing) -%}
        {%- endif -%}
    {%- endif -%}
{%- endif -%}
{% endmacro %}
