{#-
    Config of a relation of the incremental method, called on top of its model: it rebuilds whole
    courses, those that have news, and swaps in what differs. See docs/extending.md.

    scope            course (default), statement (course, or '' for none) or instance (no courses)
    moves_with_day   rows or columns depend on the day of "now", so a new day rebuilds it
-#}
{% macro course_relation(order_by, scope='course', moves_with_day=false, query_settings={}) %}
    {{ config(
        materialized='planned_table',
        engine=oars.replicated('MergeTree()'),
        order_by=order_by,
        query_settings=dict({
            'max_partitions_per_insert_block': 0,
            'max_bytes_before_external_sort': 1000000000,
            'max_bytes_before_external_group_by': 1000000000,
        }, **query_settings),
        meta={'scope': scope, 'moves_with_day': moves_with_day},
    ) }}
{% endmacro %}
