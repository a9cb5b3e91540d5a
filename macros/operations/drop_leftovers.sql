{#-
    Drops what runs that were killed had staged. Should one of them still live, it finds its
    staging table gone and cannot swap it in any more.
-#}
{% macro drop_leftovers() %}
    {%- set leftovers -%}
        select concat('`', database, '`.`', name, '`')
        from system.tables
        where
            database in ('{{ own_schemas() | join("', '") }}')
            and match(name, '__dbt_(new_data|tmp|backup)')
    {%- endset -%}
    {%- for name in run_query(leftovers).rows | map(attribute=0) -%}
        {%- do run_query('drop table if exists ' ~ name ~ on_cluster()) -%}
    {%- endfor -%}
    {%- do run_query('truncate table ' ~ ops('plan')) -%}
{% endmacro %}
