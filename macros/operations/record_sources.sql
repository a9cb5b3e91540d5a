{#-
    Writes to the ledger which courses the LMS has dumped anew, by the ids of their dumps; for
    tables without courses one version under the key '*'. A dump that arrives while the run goes
    on is at worst read early and noticed by the next run.
-#}
{% macro record_sources() %}
    {%- for source in graph.sources.values()
        if source.package_name == 'oars' and source.source_name == 'event_sink' -%}
        {%- set relation = api.Relation.create(
            schema=source.schema, identifier=source.identifier, type='table'
        ) -%}
        {%- set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') -%}
        {%- set course_key = 'course_key' if 'course_key' in columns else "'*'" -%}
        {%- set versions -%}
            select
                {{ course_key }} as course_key,
                cityHash64(count(), sum(cityHash64(tuple(dump_id, time_last_dumped)))) as version
            from {{ relation }}
            group by course_key
        {%- endset -%}
        {%- do run_query(ledger_update(source_relation(source), versions)) -%}
    {%- endfor -%}
{% endmacro %}
