{#-
    Select of each month of raw: its signature, and the `parts` that it is made of as texts that no
    other part has. Of a MergeTree by month both are made of the checksums of its parts, and no
    statement is read; of any other table the signature is made of the ids, and there are no parts.
-#}
{% macro months_of_raw(raw) -%}
    {%- if not oars.has_month_parts(raw) -%}
        select
            toYYYYMM(toTimeZone(emission_time, 'UTC')) as month,
            cityHash64(count(), sum(cityHash64(event_id))) as signature,
            emptyArrayString() as parts
        from {{ raw }}
        group by month
    {%- else -%}
        select
            -- A patch part, of a lightweight update, belongs to the month that it patches.
            toUInt32(right(partition_id, 6)) as month,
            sum(cityHash64(name, hash_of_all_files)) as signature,
            if(
                countIf(startsWith(partition_id, 'patch')) > 0,
                emptyArrayString(),
                arraySort(groupArray(concat(name, ' ', hash_of_all_files)))
            ) as parts
        from system.parts
        where
            active
            and rows > 0
            and database = '{{ raw.schema }}'
            and table = '{{ raw.identifier }}'
        group by month
    {%- endif -%}
{%- endmacro %}


{#-
    Select of each month of base and its signature: the rows and the greatest mutation. A merge
    changes neither, what the project does not do itself changes one of them.
-#}
{% macro months_of_base(base) -%}
    select
        toUInt32(partition_id) as month,
        cityHash64(
            sum(rows),
            max(toUInt64OrZero(splitByChar('_', name)[5])),
            max(has_lightweight_delete)
        ) as signature
    from system.parts
    where
        active
        and rows > 0
        and database = '{{ base.schema }}'
        and table = '{{ base.identifier }}'
    group by month
{%- endmacro %}


{#- Whether the partitions of raw are the months of emission_time, in UTC. -#}
{% macro has_month_parts(raw) %}
    {%- set seen = 'layout of ' ~ oars.key_of(raw) -%}
    {%- if seen not in oars.state().views -%}
        {%- set question -%}
            select count()
            from system.tables
            inner join system.columns on
                tables.database = columns.database
                and tables.name = columns.table
            where
                tables.database = '{{ raw.schema }}'
                and tables.name = '{{ raw.identifier }}'
                and endsWith(tables.engine, 'MergeTree')
                and tables.partition_key in ('toYYYYMM(emission_time)', '(toYYYYMM(emission_time))')
                and columns.name = 'emission_time'
                and (position(columns.type, '\'UTC\'') > 0 or timezone() in ('UTC', 'Etc/UTC'))
        {%- endset -%}
        {%- do oars.state().views.update({seen: run_query(question).rows[0][0] > 0}) -%}
    {%- endif -%}
    {{ return(oars.state().views[seen]) }}
{% endmacro %}


{#- Month of a row of raw, in UTC. -#}
{% macro month_of_raw() -%}
    toYYYYMM(toTimeZone(emission_time, 'UTC'))
{%- endmacro %}
