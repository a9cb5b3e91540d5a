{#-
    Drops the relations of learners' names and addresses, which exist only while the var pii_enabled
    is true: dbt itself drops nothing that was turned off.
-#}
{% macro drop_pii() %}
    {%- set relations -%}
        select concat(
            'drop ', if(engine = 'View', 'view', 'table'), ' `', database, '`.`', name, '`'
        )
        from system.tables
        where
            database = '{{ target.schema }}_pii'
            and name in ('dim_learners_pii', 'stg_event_sink__named_users')
        order by name
    {%- endset -%}
    {%- for statement in run_query(relations).rows | map(attribute=0) -%}
        {%- do run_query(statement ~ on_cluster() ~ ' sync') -%}
    {%- endfor -%}
{% endmacro %}
