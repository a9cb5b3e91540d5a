{#-
    Pre-hook of base_xapi__statements: writes to oars_ops.month_plan the months of raw that have
    changed since raw and base last held the same statements. Months of base that hold statements
    which raw lacks, or that another parser read, are dropped and read again; of the others what
    base lacks is appended.

    A month that has left raw whole, by retention, stays in base as the var keep_months says, also
    when statements of it arrive later: kept is a month of which raw has no id that base has.

    While months are read again the ledger has a version of base, under the key '*', that nobody
    wants: what is built beside, should this run be killed, is built again. The post-hook takes it
    back.
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
        select both.month, both.raw_signature, both.is_in_raw
        from both
        left join remembered on both.month = remembered.month
        where
            {{ 'true' if is_new or flags.FULL_REFRESH else 'false' }}
            or not both.is_in_raw
            or both.raw_signature != remembered.raw_signature
            or both.base_signature != remembered.base_signature
            or remembered.parser_version != {{ parser }}
            {%- if not var('keep_months') %}
            or both.month in (select month from {{ ops('kept_months') }})
            {%- endif %}
        order by both.month
        settings join_use_nulls = 0
    {%- endset -%}
    {%- set signatures = {} -%}
    {%- set left = [] -%}
    {%- for row in run_query(changed).rows -%}
        {%- if row[2] or not var('keep_months') -%}
            {%- do signatures.update({row[0]: row[1]}) -%}
        {%- else -%}
            {%- do left.append(row[0]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do keep_months(left) -%}
    {%- set kept = {} -%}
    {%- for row in run_query('select month, toString(kept_at) from ' ~ ops('kept_months') ~ ' final')
        .rows if var('keep_months') -%}
        {%- do kept.update({row[0]: row[1]}) -%}
    {%- endfor -%}

    {%- do renew_lease() -%}
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
                    and not {{ is_kept() }}
                    and (
                        {{ 'true' if flags.FULL_REFRESH else 'false' }}
                        or parser_version != {{ parser }}
                        or (month, event_id) not in (select {{ month }}, event_id {{ raw_ids }})
                    )
                order by month
            {%- endset -%}
            {%- set outdated_months = run_query(outdated).rows | map(attribute=0) | list -%}
            {%- set still_in_raw -%}
                select distinct toYYYYMM(emission_time) as month
                from {{ this }}
                where
                    month in ({{ outdated_months | join(', ') or 0 }})
                    and (month, event_id) in (select {{ month }}, event_id {{ raw_ids }})
            {%- endset -%}
            {%- set known_to_raw = run_query(still_in_raw).rows | map(attribute=0) | list
                if outdated_months and var('keep_months') else outdated_months -%}
            {%- do keep_months(outdated_months | reject('in', known_to_raw) | reject('in', kept) | list) -%}
            {%- if outdated_months -%}
                {%- do renew_lease() -%}
                {%- do mark_building(model.name) -%}
            {%- endif -%}
            {%- for old in outdated_months if old in known_to_raw or old in kept -%}
                {%- do log('Statements of ' ~ old ~ ' are read again.', info=true) -%}
                {%- if old in kept -%}
                    {%- do run_query(
                        'alter table ' ~ this ~ ' delete in partition ' ~ old
                        ~ " where loaded_at >= toDateTime64('" ~ kept[old] ~ "', 6, 'UTC')"
                        ~ ' settings mutations_sync = 2'
                    ) -%}
                {%- else -%}
                    {%- do run_query('alter table ' ~ this ~ ' drop partition ' ~ old) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
        {%- if not var('keep_months') -%}
            {%- do run_query('truncate table ' ~ ops('kept_months')) -%}
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
        {%- do renew_lease() -%}
        {%- do run_query('insert into ' ~ ops('month_plan') ~ ' values ' ~ rows | join(', ')) -%}
    {%- endif -%}
{%- endif -%}
{% endmacro %}


{#- Notes that raw has let go of months: what base has of them now stays. -#}
{% macro keep_months(months) %}
    {%- if months -%}
        {%- do run_query(
            'insert into ' ~ ops('kept_months') ~ ' (month, kept_at) select month, now64(6) from '
            ~ "values('month UInt32', " ~ months | join(', ') ~ ')'
        ) -%}
    {%- endif -%}
{% endmacro %}


{#- Select of month and signature that has no row. -#}
{% macro no_months() -%}
    select toUInt32(0) as month, toUInt64(0) as signature where false
{%- endmacro %}
