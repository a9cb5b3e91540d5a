{#-
    Drops what runs that were killed had staged, and, unless the var pii_enabled is true, the
    relations of learners' names and addresses, for dbt drops nothing that was turned off. Should a
    run that was taken for dead still live, it finds its staging table gone and swaps in nothing. Only
    for personal data the run waits until the files are gone.
-#}
{% macro drop_leftovers() %}
    {%- set leftovers -%}
        select concat(
            'drop ', if(engine = 'View', 'view', 'table'), ' if exists `', database, '`.`', name, '`'
        )
        from system.tables
        where
            database in ('{{ oars.own_schemas() | join("', '") }}')
            and (
                match(name, '__dbt_(new_data|tmp|backup)')
                {%- if not var('pii_enabled') %}
                or (
                    database = '{{ target.schema }}_pii'
                    and name in ('dim_learners_pii', 'stg_event_sink__named_users')
                )
                {%- endif %}
            )
        order by database, name
    {%- endset -%}
    {%- for statement in run_query(leftovers).rows | map(attribute=0) -%}
        {%- do oars.claim() -%}
        {%- do run_query(
            statement ~ oars.on_cluster() ~ (' sync' if target.schema ~ '_pii`' in statement else '')
        ) -%}
    {%- endfor -%}
{% endmacro %}
