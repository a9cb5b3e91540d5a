{#-
    What a run does to base: which months of raw and base have changed since they were last compared,
    and which ids of these base lacks. Nothing is asked of a statement where no month has changed.

    The result stays in memory, as oars.state().base:
    months            months that are looked at
    recounted         of these the months whose courses are counted anew; of the others what was
                      added is counted
    split             months with an id that another month has too: base has it once, so they are
                      compared by every run
    filter            condition on raw: the rows that are appended to base; none where there are none
    appended_count    rows appended, and
    collision_count   ids that came with different bodies; both for the log
-#}
{% macro plan_months(raw, base) %}
    {%- set plan = {
        'months': [], 'recounted': [], 'split': [], 'filter': none,
        'appended_count': 0, 'collision_count': 0,
    } -%}
    {%- do oars.state().update({'base': plan}) -%}
    {%- set changed = oars.changed_months(raw, base) -%}
    {%- if run_query('select count() from (' ~ changed ~ ')').rows[0][0] -%}
        {%- do oars.claim() -%}
        {%- do run_query('insert into ' ~ oars.ops('month_plan') ~ ' ' ~ changed) -%}
        {%- set grown, others = [], [] -%}
        {%- for row in run_query(
            'select month, is_grown from ' ~ oars.ops('month_plan') ~ ' order by month'
        ).rows -%}
            {%- do plan.months.append(row[0]) -%}
            {%- do (grown if row[1] else others).append(row[0]) -%}
        {%- endfor -%}
        {#- Months are dropped before ids are looked up: an id may be in base in such a month only. -#}
        {%- do oars.drop_outdated(raw, base, others) if others -%}
        {%- if grown and not oars.find_arrived(raw, base, grown) -%}
            {%- do oars.drop_outdated(raw, base, grown) -%}
            {%- do others.extend(grown) -%}
        {%- endif -%}
        {%- do plan.recounted.extend(others) -%}
        {%- do oars.find_missing(raw, base, others) if others -%}
        {%- do oars.pick_bodies(raw) -%}
    {%- endif -%}
{% endmacro %}


{#-
    Ids of new parts that base lacks, in months that have grown. True where the parts that are gone
    add up: as many rows with the same ids as they had are in the new parts and base has them, so they
    were merged. Where they do not add up something was erased or came twice; then nothing is found,
    and the months have to be compared id by id.
-#}
{% macro find_arrived(raw, base, months) %}
    {%- set plan = oars.state().base -%}
    {%- do oars.find_merged(raw) -%}
    {%- set names = oars.names_of_new_parts(
        'is_grown', '(select part from ' ~ oars.ops('arrived_parts') ~ ')'
    ) -%}
    {%- set arrived -%}
        from {{ raw }}
        where {{ oars.month_of_raw() }} in ({{ months | join(', ') }}) and _part in ({{ names or "''" }})
    {%- endset -%}
    {%- do run_query(oars.insert_missing(arrived, base)) if names -%}
    {%- set parts -%}
        insert into {{ oars.ops('arrived_parts') }}
        with missing as (select event_id from {{ oars.ops('missing') }})
        select
            {{ oars.month_of_raw() }} as month,
            _part as part,
            count() as row_count,
            sum(cityHash64(event_id)) as id_hash,
            countIf(event_id not in (select event_id from missing)) as known_count,
            sumIf(cityHash64(event_id), event_id not in (select event_id from missing)) as known_hash
        {{ arrived }}
        group by month, part
    {%- endset -%}
    {%- do run_query(parts) if names -%}
    {%- set sums -%}
        with arrived as (
            select
                month,
                sum(parts.known_count) as known_count,
                sum(parts.known_hash) as known_hash,
                sumIf(parts.known_count, part in ({{ names or "''" }})) as found_count
            from {{ oars.ops('arrived_parts') }} as parts
            group by month
        )
        select
            countIf(
                notEmpty(plan.gone_parts)
                and (arraySum(plan.gone_parts.row_count), arraySum(plan.gone_parts.id_hash))
                != (arrived.known_count, arrived.known_hash)
            ) as erased_count,
            sum(arrived.found_count) as found_count,
            sum(arraySum(plan.gone_parts.row_count))
            = sum(arrived.known_count) - sum(arrived.found_count) as is_all_new
        from {{ oars.ops('month_plan') }} as plan
        left join arrived on plan.month = arrived.month
        where plan.is_grown
        settings join_use_nulls = 0
    {%- endset -%}
    {%- set sums = run_query(sums).rows[0] -%}
    {%- if sums[0] -%}
        {%- do run_query('truncate table ' ~ oars.ops('missing')) -%}
        {%- do run_query('truncate table ' ~ oars.ops('arrived_parts')) -%}
        {{ return(false) }}
    {%- endif -%}
    {#- Of an id that base has in another month the row here may be all that is left one day. -#}
    {%- set elsewhere -%}
        select distinct {{ oars.month_of_raw() }} as month
        {{ arrived }}
        and event_id not in (select event_id from {{ oars.ops('missing') }})
        and (month, event_id) not in (
            select toYYYYMM(emission_time), event_id
            from {{ base }}
            where event_id in (select event_id {{ arrived }})
        )
    {%- endset -%}
    {%- if sums[1] -%}
        {%- do plan.split.extend(run_query(elsewhere).rows | map(attribute=0)) -%}
    {%- endif -%}
    {#- Where none of these rows were merged, what base knows came again: perhaps with another body. -#}
    {%- if sums[1] and sums[2] -%}
        {%- do plan.update({
            'collision_count': run_query(oars.collisions(arrived, base)).rows[0][0]
        }) -%}
    {%- endif -%}
    {{ return(true) }}
{% endmacro %}


{#-
    Notes the new parts that hold just what parts had that are gone: rows of the same blocks, as many,
    with the same ids. They were merged, so base has their ids, and none is looked up.
-#}
{% macro find_merged(raw) %}
    {%- set names = oars.names_of_new_parts('is_grown and notEmpty(gone_parts)') -%}
    {%- set merged -%}
        insert into {{ oars.ops('arrived_parts') }}
        with
        arrived as (
            select
                {{ oars.month_of_raw() }} as month,
                _part as part,
                splitByChar('_', part) as blocks,
                count() as row_count,
                sum(cityHash64(event_id)) as id_hash
            from {{ raw }}
            where _part in ({{ names }})
            group by month, part
        ),
        gone as (
            select
                month,
                arrayJoin(gone_parts) as gone_part,
                splitByChar('_', splitByChar(' ', gone_part.part)[1]) as blocks,
                gone_part.row_count as row_count,
                gone_part.id_hash as id_hash
            from {{ oars.ops('month_plan') }}
            where is_grown
        )
        select
            arrived.month as month,
            arrived.part as part,
            any(arrived.row_count) as row_count,
            any(arrived.id_hash) as id_hash,
            sum(gone.row_count) as known_count,
            sum(gone.id_hash) as known_hash
        from arrived
        inner join gone on arrived.month = gone.month
        where
            toUInt64OrZero(gone.blocks[2]) >= toUInt64OrZero(arrived.blocks[2])
            and toUInt64OrZero(gone.blocks[3]) <= toUInt64OrZero(arrived.blocks[3])
        group by month, part
        having any(arrived.row_count) = sum(gone.row_count) and any(arrived.id_hash) = sum(gone.id_hash)
    {%- endset -%}
    {%- do run_query(merged) if names -%}
{% endmacro %}


{#- New parts of these months, without others, as a list of literals. -#}
{% macro names_of_new_parts(months, others=none) %}
    {{ return(run_query(
        "select arrayStringConcat(groupArray(concat('\\'', part, '\\'')), ', ') from ("
        ~ "select splitByChar(' ', arrayJoin(new_parts))[1] as part from " ~ oars.ops('month_plan')
        ~ ' where ' ~ months ~ ')' ~ (' where part not in ' ~ others if others else '')
    ).rows[0][0]) }}
{% endmacro %}


{#- Select of how many ids, of these rows of raw, base has read with another body. -#}
{% macro collisions(rows, base) -%}
    with known as (
        select event_id, cityHash64({{ oars.statement_text() }}) as text_hash
        {{ rows }}
        and event_id not in (select event_id from {{ oars.ops('missing') }})
    )
    select uniqExact(event_id)
    from known
    where (event_id, text_hash) not in (
        select event_id, statement_hash
        from {{ base }}
        where event_id in (select event_id from known)
    )
{%- endmacro %}


{#- Statement that notes which ids of these rows of raw base lacks, in whatever month. -#}
{% macro insert_missing(rows, base) -%}
    insert into {{ oars.ops('missing') }}
    select
        event_id,
        min(toDateTime64(emission_time, 6, 'UTC')) as first_at,
        uniqExact({{ oars.month_of_raw() }}) as month_count,
        count() as row_count
    {{ rows }}
    and event_id not in (
        select event_id from {{ base }} where event_id in (select event_id {{ rows }})
    )
    group by event_id
{%- endmacro %}


{#- Ids that base lacks, of months that are compared id by id, once those were dropped that have to be. -#}
{% macro find_missing(raw, base, months) %}
    {%- set plan = oars.state().base -%}
    {%- set of_months = oars.month_of_raw() ~ ' in (' ~ months | join(', ') ~ ')' -%}
    {#- Of an empty base every id is missing: none has to be noted. -#}
    {%- set base_rows -%}
        select sum(rows) from system.parts
        where active and database = '{{ base.schema }}' and table = '{{ base.identifier }}'
    {%- endset -%}
    {%- if run_query(base_rows).rows[0][0] -%}
        {%- do run_query(oars.insert_missing('from ' ~ raw ~ ' where ' ~ of_months, base)) -%}
    {%- else -%}
        {%- do plan.update({'filter': of_months}) -%}
    {%- endif -%}
{% endmacro %}


{#-
    Of the ids that are to be read and that raw has several times, with the body that counts: that of
    the least time, then of the least hash. It is picked before any is parsed, by a rule that does
    not depend on the order of rows. Sets the filter on raw.
-#}
{% macro pick_bodies(raw) %}
    {%- set plan = oars.state().base -%}
    {%- set body = 'cityHash64(' ~ oars.statement_text() ~ ')' -%}
    {%- set time = "toDateTime64(emission_time, 6, 'UTC')" -%}
    {%- if not plan.filter -%}
        {#- An id may be noted twice, once by a month that has grown and once by another. -#}
        {%- set repeated -%}
            select event_id from {{ oars.ops('missing') }} group by event_id having sum(row_count) > 1
        {%- endset -%}
        {%- set sums -%}
            select
                count(),
                toString(min(emission_time)),
                countIf(row_count > 1),
                countIf(month_count > 1)
            from (
                select
                    event_id,
                    min(emission_time) as emission_time,
                    sum(row_count) as row_count,
                    sum(month_count) as month_count
                from {{ oars.ops('missing') }}
                group by event_id
            )
        {%- endset -%}
        {%- set missing = run_query(sums).rows[0] -%}
        {%- set has_repeated = missing[2] > 0 -%}
        {%- do plan.split.extend(plan.months) if missing[3] -%}
        {%- if missing[0] -%}
            {#- Raw is divided and ordered by time: most of what is older than the first is not read. -#}
            {%- do plan.update({'filter':
                oars.month_of_raw() ~ ' in (' ~ plan.months | join(', ') ~ ') and emission_time >= '
                ~ "toDateTime64('" ~ missing[1] ~ "', 6, 'UTC') and event_id in (select event_id from "
                ~ oars.ops('missing') ~ ')'
            }) -%}
        {%- endif -%}
    {%- else -%}
        {%- set repeated -%}
            select event_id from {{ raw }} where {{ plan.filter }} group by event_id having count() > 1
        {%- endset -%}
        {%- set has_repeated = true -%}
    {%- endif -%}
    {%- if plan.filter and has_repeated -%}
        {%- set picked -%}
            insert into {{ oars.ops('picked') }}
            select event_id, body.1 as emission_time, body.2 as text_hash, body_count
            from (
                select
                    event_id,
                    min(({{ time }}, {{ body }})) as body,
                    uniqExact({{ body }}) as body_count
                from {{ raw }}
                where {{ plan.filter }} and event_id in ({{ repeated }})
                group by event_id
            )
        {%- endset -%}
        {%- do run_query(picked) -%}
        {%- set counts = run_query(
            'select count(), countIf(body_count > 1) from ' ~ oars.ops('picked')
        ).rows[0] -%}
        {%- do plan.update({'collision_count': plan.collision_count + counts[1]}) -%}
        {%- if counts[0] -%}
            {%- do plan.update({'filter': plan.filter ~ ' and (event_id not in (select event_id from '
                ~ oars.ops('picked') ~ ') or (event_id, ' ~ time ~ ', ' ~ body
                ~ ') in (select event_id, emission_time, text_hash from ' ~ oars.ops('picked') ~ '))'
            }) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
