{#-
    Select of the months in which raw or base are not what they were when they were last compared,
    as rows of oars_ops.month_plan.

    A month has `grown` where all that is new are parts of raw: base had every id of the parts
    that raw had then, base is as it was, and the parser too. Then the ids of `new_parts` are looked at
    and no others. The `gone_parts` were merged into new ones, or erased: see find_arrived.

    A month is `aged` where the newest that is not later than as_of came more than the var
    free_text_months after it: of it what learners typed is emptied (emptied_texts).
-#}
{% macro changed_months(raw, base) -%}
    with
    raw_months as ({{ oars.months_of_raw(raw) }}),
    base_months as ({{ oars.months_of_base(base) }}),
    remembered as (select * from {{ oars.ops('months') }} final),
    all_months as (
        select month from raw_months
        union distinct
        select month from base_months
        union distinct
        select month from remembered where base_signature != 0
    ),
    newest as (
        select max(month) as newest_month from all_months where month <= toYYYYMM({{ oars.as_of() }})
    ),
    compared as (
        select
            all_months.month as month,
            {{ oars.month_number('(select newest_month from newest)') }} - {{ oars.month_number('month') }}
            > {{ var('free_text_months') | int }} as is_aged,
            raw_months.month != 0 as is_in_raw,
            raw_months.signature as raw_signature,
            raw_months.parts as parts,
            remembered.raw_parts as known_parts,
            raw_signature = remembered.raw_signature as is_raw_same,
            base_months.signature = remembered.base_signature
            and remembered.parser_version = {{ oars.parser_version('is_aged') }}
            and {{ 'false' if flags.FULL_REFRESH else 'true' }}
            and {{ 'true' if var('keep_months') else 'not is_kept' }} as is_base_same,
            month in (select month from {{ oars.ops('kept_months') }}) as is_kept
        from all_months
        left join raw_months on all_months.month = raw_months.month
        left join base_months on all_months.month = base_months.month
        left join remembered on all_months.month = remembered.month
    )
    select
        month,
        is_in_raw,
        is_base_same and not is_kept and notEmpty(parts) and notEmpty(known_parts) as is_grown,
        raw_signature,
        parts,
        arrayFilter(part -> not has(known_parts.part, part), parts) as new_parts,
        arrayFilter(known -> not has(parts, known.part), known_parts) as gone_parts,
        is_aged
    from compared
    where not is_raw_same or not is_base_same
    order by month
    settings join_use_nulls = 0
{%- endmacro %}


{#- Which of all months it is, as a number of which differences count months. -#}
{% macro month_number(month) -%}
    toInt32(intDiv({{ month }}, 100) * 12 + {{ month }} % 100)
{%- endmacro %}
