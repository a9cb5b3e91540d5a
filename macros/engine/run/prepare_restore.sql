{#-
    Operation of `oars restore`: makes the bookkeeping tables, or brings those of another release up
    to date, and base where it is missing, empty; and beside base a table like it, into which what was
    saved is read before it becomes base. From then on a run finds what it would after one.
-#}
{% macro prepare_restore() %}
    {%- do oars.check_engine() -%}
    {%- do oars.create_ops_tables() -%}
    {%- set node = graph.nodes[oars.base_id()] -%}
    {%- set base = '`' ~ node.schema ~ '`.`' ~ node.alias -%}
    {%- do run_query('create database if not exists `' ~ node.schema ~ '`' ~ oars.on_cluster()) -%}
    {%- do run_query('drop table if exists ' ~ base ~ '__dbt_tmp`' ~ oars.on_cluster() ~ ' sync') -%}
    {%- for name in [base ~ '`', base ~ '__dbt_tmp`'] -%}
        {%- set definition -%}
            create table if not exists {{ name }}{{ oars.on_cluster() }} (
                {%- for name, data_type in oars.contract_of(node).items() %}
                `{{ name }}` {{ data_type }}{{ ',' if not loop.last }}
                {%- endfor %}
            )
            engine = {{ node.config.engine }}
            partition by {{ node.config.partition_by }}
            order by ({{ node.config.order_by | join(', ') }})
            {{ adapter.get_model_settings(node, node.config.engine) }}
        {%- endset -%}
        {%- do run_query(definition) -%}
    {%- endfor -%}
{% endmacro %}
