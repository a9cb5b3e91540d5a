{#-
    Config of an incremental relation, called on top of its model. It makes the model one that
    rebuilds whole courses: partitions by course, plan before, ledger after. See docs/extending.md.

    scope            course (default), statement (course, or '' for none) or instance (no courses)
    moves_with_day   rows or columns depend on the day of "now", so a new day rebuilds it
-#}
{% macro course_relation(order_by, scope='course', moves_with_day=false, query_settings={}) %}
    {{ config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        on_schema_change='append_new_columns',
        engine=replicated('MergeTree()'),
        partition_by='tuple()' if scope == 'instance' else course_bucket(),
        order_by=order_by,
        query_settings=dict({
            'max_partitions_per_insert_block': 0,
            'max_bytes_before_external_sort': 1000000000,
            'max_bytes_before_external_group_by': 1000000000,
        }, **query_settings),
        meta={'scope': scope, 'moves_with_day': moves_with_day},
        pre_hook='{{ plan_courses() }}',
        post_hook='{{ record_courses() }}',
    ) }}
{% endmacro %}
