{#-
    Remembers how base now is in the months that were looked at and, where base has every id that raw
    had, which parts raw had: what is the same next time is not looked at. A month in which raw and
    base differ, because an id stands in two months, is compared by every run, for either row may go.
    `base_months`: month -> signature, read before the statements were counted.
-#}
{% macro remember_months(raw, base, base_months) %}
    {%- set plan = oars.state().base -%}
    {%- set compared = plan.recounted | reject('in', plan.split) | list -%}
    {%- set equal = run_query(oars.equal_months(raw, base, compared)).rows
        | map(attribute=0) | list if compared else [] -%}
    {%- do run_query(oars.insert_parts(raw, equal)) if equal and oars.has_month_parts(raw) -%}
    {%- set grown = plan.months | reject('in', plan.recounted) | reject('in', plan.split) | list -%}
    {%- set remember -%}
        insert into {{ oars.ops('months') }}
        with
        base_months as (
            select month, signature
            from values(
                'month UInt32, signature UInt64'
                {%- for month in plan.months %}, ({{ month }}, {{ base_months.get(month, 0) }}){% endfor %}
            )
        ),
        arrived as (
            select month, groupArray((part, row_count, id_hash)) as parts
            from {{ oars.ops('arrived_parts') }}
            group by month
        ),
        remembered as (
            select month, raw_parts
            from {{ oars.ops('months') }} final
            where month in ({{ grown | join(', ') or 0 }})
        )
        select
            plan.month as month,
            if(plan.month in ({{ (grown + equal) | join(', ') or 0 }}), plan.raw_signature, 0)
                as raw_signature,
            base_months.signature as base_signature,
            {{ oars.parser_version('plan.is_aged') }} as parser_version,
            if(raw_signature = 0, [], arrayConcat(
                arrayFilter(known -> has(plan.parts, known.1), remembered.raw_parts),
                -- The name of a part may come again, with its checksum it does not.
                arrayMap(
                    part -> (
                        arrayFirst(each -> splitByChar(' ', each)[1] = part.1, plan.parts),
                        part.2,
                        part.3
                    ),
                    arrayFilter(
                        part -> arrayExists(each -> splitByChar(' ', each)[1] = part.1, plan.parts),
                        arrived.parts
                    )
                )
            )) as raw_parts,
            {{ oars.written_at() }} as written_at
        from {{ oars.ops('month_plan') }} as plan
        inner join base_months on plan.month = base_months.month
        left join arrived on plan.month = arrived.month
        left join remembered on plan.month = remembered.month
        settings join_use_nulls = 0
    {%- endset -%}
    {%- do run_query(remember) -%}
{% endmacro %}


{#- Select of the months, of those compared id by id, in which raw and base now have the same ids. -#}
{% macro equal_months(raw, base, months) -%}
    with
    raw_ids as (
        select
            month,
            cityHash64(count(), sum(cityHash64(event_id))) as hash,
            cityHash64(sum(row_count), sum(row_count * cityHash64(event_id))) as signature
        from (
            select {{ oars.month_of_raw() }} as month, event_id, count() as row_count
            from {{ raw }}
            where month in ({{ months | join(', ') }})
            group by month, event_id
        )
        group by month
    ),
    base_ids as (
        select
            toYYYYMM(emission_time) as month,
            cityHash64(count(), sum(cityHash64(event_id))) as hash
        from {{ base }}
        where month in ({{ months | join(', ') }}) and not {{ oars.is_kept() }}
        group by month
    )
    select raw_ids.month
    from raw_ids
    inner join base_ids on raw_ids.month = base_ids.month
    {%- if not oars.has_month_parts(raw) %}
    -- A signature of ids comes back when what arrived meanwhile is erased again.
    inner join {{ oars.ops('month_plan') }} as plan
        on raw_ids.month = plan.month and raw_ids.signature = plan.raw_signature
    {%- endif %}
    where raw_ids.hash = base_ids.hash
{%- endmacro %}


{#- Statement that notes the parts of months of which base has every id. -#}
{% macro insert_parts(raw, months) -%}
    insert into {{ oars.ops('arrived_parts') }}
    select
        {{ oars.month_of_raw() }} as month,
        _part as part,
        count() as row_count,
        sum(cityHash64(event_id)) as id_hash,
        row_count as known_count,
        id_hash as known_hash
    from {{ raw }}
    where month in ({{ months | join(', ') }})
    group by month, part
{%- endmacro %}
