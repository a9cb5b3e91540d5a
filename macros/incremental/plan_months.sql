{#-
    Pre-hook of base_xapi__statements: writes to oars_ops.month_plan the months of raw that have
    changed since raw and base last held the same statements. Months of base that hold statements
    which raw lacks, or that another parser read, are dropped and read again; of the others what
    base lacks is appended.

    A month that has left raw whole, by retention, stays in base as the var keep_months says.
-#}
{% macro plan_months() %}
{%- if execute -%}
    {%- do renew_lease() -%}
    {%- set raw = source('xapi', 'xapi_events_all') -%}
    {%- set month = "toYYYYMM(toTimeZone(emission_time, 'UTC'))" -%}
    {%- set is_new = load_cached_relation(this) is none -%}
    {%- set parser = run_query('select ' ~ parser_version()).rows[0][0] -%}

    {%- set changed -%}
        with
        raw_months as ({{ month_signatures(raw) }}),
        base_months as ({{ no_months() if is_new else month_signatures(this) }}),
        both as (
            select
                if(raw_months.month != 0, raw_months.month, base_months.month) as month,
                raw_months.month != 0 as is_in_raw,
                raw_months.signature as raw_signature,
                base_months.signature as base_signature
            from raw_months
            full outer join base_months on raw_months.month = base_months.month
        ),
        remembered as (select * from {{ ops('months') }} final)
        select both.month, both.raw_signature
        from both
        left join remembered on both.month = remembered.month
        where
            (both.is_in_raw {{ 'or true' if not var('keep_months') }})
            and (
                {{ 'true' if is_new or flags.FULL_REFRESH else 'false' }}
                or both.raw_signature != remembered.raw_signature
                or both.base_signature != remembered.base_signature
                or remembered.parser_version != {{ parser }}
            )
        order by both.month
        settings join_use_nulls = 0
    {%- endset -%}
    {%- set signatures = {} -%}
    {%- for row in run_query(changed).rows -%}
        {%- do signatures.update({row[0]: row[1]}) -%}
    {%- endfor -%}

    {%- do run_query('truncate table ' ~ ops('month_plan')) -%}
    {%- if signatures -%}
        {%- set months = signatures.keys() | join(', ') -%}
        {%- set raw_ids -%}
            from {{ raw }} where {{ month }} in ({{ months }})
        {%- endset -%}
        {%- if not is_new -%}
            {%- set outdated -%}
                select distinct toYYYYMM(emission_time) as month
                from {{ this }}
                where
                    month in ({{ months }})
                    and (
                        {{ 'true' if flags.FULL_REFRESH else 'false' }}
                        or parser_version != {{ parser }}
                        or (month, event_id) not in (select {{ month }}, event_id {{ raw_ids }})
                    )
                order by month
            {%- endset -%}
            {%- for old in run_query(outdated).rows | map(attribute=0) -%}
                {%- do log('Statements of ' ~ old ~ ' are read again.', info=true) -%}
                {%- do run_query('alter table ' ~ this ~ ' drop partition ' ~ old) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- set lacking -%}
            select distinct {{ month }} {{ raw_ids }}
            {%- if not is_new %}
            and event_id not in (
                select event_id from {{ this }} where event_id in (select event_id {{ raw_ids }})
            )
            {%- endif %}
        {%- endset -%}
        {%- set with_news = run_query(lacking).rows | map(attribute=0) | list -%}
        {%- set rows = [] -%}
        {%- for month, signature in signatures.items() -%}
            {%- do rows.append('(' ~ month ~ ', ' ~ signature ~ ', ' ~ (month in with_news) ~ ')') -%}
        {%- endfor -%}
        {%- do run_query('insert into ' ~ ops('month_plan') ~ ' values ' ~ rows | join(', ')) -%}
    {%- endif -%}
{%- endif -%}
{% endmacro %}


{#- Select of month and signature that has no row. -#}
{% macro no_months() -%}
    select toUInt32(0) as month, toUInt64(0) as signature where false
{%- endmacro %}
