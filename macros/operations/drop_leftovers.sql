{#- Drops the staging tables of runs that were killed. -#}
{% macro drop_leftovers() %}
    {%- set leftovers -%}
        select concat('`', database, '`.`', name, '`')
        from system.tables
        where
            (database = '{{ target.schema }}' or startsWith(database, '{{ target.schema }}_'))
            and (position(name, '__dbt_new_data') > 0 or endsWith(name, '__dbt_tmp'))
    {%- endset -%}
    {%- for name in run_query(leftovers).rows | map(attribute=0) -%}
        {%- do run_query('drop table if exists ' ~ name ~ on_cluster()) -%}
    {%- endfor -%}
{% endmacro %}
