{#-
    Drops the months of base that hold statements which raw lacks, or which another parser read: they
    are read again whole. A month that has left raw whole, by retention, stays as the var keep_months
    says, also when statements of it arrive later (months_left). Of a kept month only what arrived since
    it left is read again.
-#}
{% macro drop_outdated(raw, base, months) %}
    {%- set in_raw = [] -%}
    {%- set left = [] -%}
    {%- for row in run_query(
        'select month, is_in_raw from ' ~ oars.ops('month_plan')
        ~ ' where month in (' ~ months | join(', ') ~ ') order by month'
    ).rows -%}
        {%- do (in_raw if row[1] or not var('keep_months') else left).append(row[0]) -%}
    {%- endfor -%}
    {%- do oars.keep_months(base, left) -%}
    {%- set kept = {} -%}
    {%- for row in run_query(
        'select month, toString(kept_at) from ' ~ oars.ops('kept_months') ~ ' final'
    ).rows if var('keep_months') -%}
        {%- do kept.update({row[0]: row[1]}) -%}
    {%- endfor -%}

    {%- set outdated = run_query(oars.outdated_months(raw, base, in_raw)).rows
        | map(attribute=0) | list if in_raw else [] -%}
    {%- set left_now = run_query(oars.months_left(raw, base, outdated)).rows
        | map(attribute=0) | list if outdated and var('keep_months') else [] -%}
    {%- set leaving = left_now | reject('in', kept) | list -%}
    {%- do oars.keep_months(base, leaving) -%}
    {%- do oars.mark_base() if outdated -%}
    {%- for month in outdated if month not in leaving -%}
        {%- do log('Statements of ' ~ month ~ ' are read again.', info=true) -%}
        {%- if month in kept -%}
            {%- do run_query(
                'alter table ' ~ base ~ ' delete in partition ' ~ month
                ~ " where loaded_at >= toDateTime64('" ~ kept[month] ~ "', 6, 'UTC')"
                ~ ' settings mutations_sync = 2'
            ) -%}
        {%- else -%}
            {%- do run_query('alter table ' ~ base ~ ' drop partition ' ~ month) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do oars.empty_kept_months(base) -%}
    {%- if not var('keep_months') -%}
        {%- do run_query('truncate table ' ~ oars.ops('kept_months')) -%}
    {%- endif -%}
{% endmacro %}


{#- Select of the months of base that hold what raw lacks, or what another parser read. -#}
{% macro outdated_months(raw, base, months) -%}
    select distinct toYYYYMM(emission_time) as month
    from {{ base }}
    where
        month in ({{ months | join(', ') }})
        and not {{ oars.is_kept() }}
        and (
            {{ 'true' if flags.FULL_REFRESH else 'false' }}
            or parser_version != {{ oars.parser_version(oars.is_aged()) }}
            or (month, event_id) not in (
                select {{ oars.month_of_raw() }}, event_id
                from {{ raw }}
                where {{ oars.month_of_raw() }} in ({{ months | join(', ') }})
            )
        )
    order by month
{%- endmacro %}


{#-
    Select of the months that raw let go of whole: of which it has no id that base has. Or few, all in
    parts that came after the last it was known to have, by the numbers of their blocks: then old
    statements were sent again, and a month that a stranger sends one of must not leave. Whoever erases
    statements leaves the other ones in parts of the same blocks, or writes most of them anew.
-#}
{% macro months_left(raw, base, months) -%}
    {%- set listed = months | join(', ') -%}
    with
    ids_of_raw as (
        select {{ oars.month_of_raw() }} as month, event_id
        from {{ raw }}
        where {{ oars.month_of_raw() }} in ({{ listed }})
    ),
    counted as (
        select
            toYYYYMM(emission_time) as month,
            count() as statement_count,
            countIf((month, event_id) in (select month, event_id from ids_of_raw)) as common_count
        from {{ base }}
        where month in ({{ listed }})
        group by month
    ),
    renewed as (
        select month
        from {{ oars.ops('month_plan') }}
        where
            notEmpty(gone_parts)
            and length(new_parts) = length(parts)
            and arrayMin(part -> toUInt64OrZero(splitByChar('_', part)[2]), parts)
            > arrayMax(gone -> toUInt64OrZero(splitByChar('_', gone.part)[3]), gone_parts)
    )
    select month
    from counted
    where
        common_count = 0
        or (month in (select month from renewed) and common_count * 2 < statement_count)
    order by month
{%- endmacro %}


{#- Notes that raw has let go of months: what base has of them now stays. -#}
{% macro keep_months(base, months) %}
    {%- if months -%}
        {%- set listed = months | join(', ') -%}
        {%- set keep -%}
            insert into {{ oars.ops('kept_months') }} (month, kept_at, written_at)
            select
                month,
                -- Later than all that base has, whatever clock that was read by.
                greatest(
                    {{ oars.run_moment() }},
                    (
                        select max(loaded_at) from {{ base }}
                        where toYYYYMM(emission_time) in ({{ listed }})
                    ) + interval 1 microsecond
                ) as kept_at,
                {{ oars.written_at() }} as written_at
            from values('month UInt32', {{ listed }})
        {%- endset -%}
        {%- do run_query(keep) -%}
    {%- endif -%}
{% endmacro %}
