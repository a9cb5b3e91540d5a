{#-
    Select of month and signature of a table of statements: equal signatures mean that the months
    hold the same. Of a MergeTree by month it is made of the checksums of its parts, and no
    statement is read; of any other table it is made of the ids.
-#}
{% macro month_signatures(relation) -%}
    {%- if not has_month_parts(relation) -%}
        select
            toYYYYMM(toTimeZone(emission_time, 'UTC')) as month,
            cityHash64(count(), sum(cityHash64(event_id))) as signature
        from {{ relation }}
        group by month
    {%- else -%}
        select
            -- A patch part, of a lightweight update, belongs to the month that it patches.
            toUInt32(right(partition_id, 6)) as month,
            sum(cityHash64(name, hash_of_all_files)) as signature
        from system.parts
        where
            active
            and rows > 0
            and database = '{{ relation.schema }}'
            and table = '{{ relation.identifier }}'
        group by month
    {%- endif -%}
{%- endmacro %}


{#- Whether the partitions of a table are the months of emission_time, in UTC. -#}
{% macro has_month_parts(relation) %}
    {%- set question -%}
        select count()
        from system.tables
        inner join system.columns on
            tables.database = columns.database
            and tables.name = columns.table
        where
            tables.database = '{{ relation.schema }}'
            and tables.name = '{{ relation.identifier }}'
            and endsWith(tables.engine, 'MergeTree')
            and tables.partition_key in ('toYYYYMM(emission_time)', '(toYYYYMM(emission_time))')
            and columns.name = 'emission_time'
            and (position(columns.type, '\'UTC\'') > 0 or timezone() in ('UTC', 'Etc/UTC'))
    {%- endset -%}
    {{ return(run_query(question).rows[0][0] > 0) }}
{% endmacro %}
