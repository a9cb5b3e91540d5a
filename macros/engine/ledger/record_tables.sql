{#-
    Writes to the ledger what has changed in the tables that the project reads besides statements. Of
    the LMS's tables a course's version is made of the ids and times of its dumps; a table without
    courses has one version, '*'. A seed, a table of the operator's and whatever else a site's own
    model reads has one, made of its rows. A table of which the parts are those that were seen last
    is not read, and one that is not there yet, a seed at the first build, is recorded when it is made. What arrives while the run goes on is at worst read early and noticed by the next.
-#}
{% macro record_tables() %}
    {%- set tables = {} -%}
    {%- for source in graph.sources.values()
        if source.package_name == 'oars' and source.source_name == 'event_sink' -%}
        {%- set relation = api.Relation.create(schema=source.schema, identifier=source.identifier) -%}
        {%- do tables.update({oars.source_name(source): relation}) -%}
    {%- endfor -%}
    {%- for node in oars.planned_models() -%}
        {%- do tables.update(oars.inputs_of(node.unique_id).contents) -%}
    {%- endfor -%}
    {%- do oars.record_contents(tables) -%}
{% endmacro %}


{#- See record_tables; `tables` maps names in the ledger to relations. -#}
{% macro record_contents(tables) %}
    {%- set parts = {} -%}
    {%- set question -%}
        select concat(database, '.', table), toString(sum(cityHash64(name, hash_of_all_files)))
        from system.parts
        where
            active
            and (database, table) in (
                {%- for relation in tables.values() -%}
                ('{{ relation.schema }}', '{{ relation.identifier }}'){{ ', ' if not loop.last }}
                {%- endfor -%}
            )
        group by database, table
    {%- endset -%}
    {%- for row in run_query(question).rows if tables -%}
        {%- do parts.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {%- set found = [] -%}
    {%- set names = [] -%}
    {%- for name, relation in tables.items() if oars.key_of(relation) in oars.state().columns -%}
        {%- set key = oars.key_of(relation) -%}
        {%- if key not in parts or oars.state().seen.get('parts of ' ~ name) != parts[key] -%}
            {%- do names.append(name) -%}
            {%- do found.append(oars.content_versions(name, relation)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if found -%}
        {%- do oars.record_versions(found | join(' union all '), names) -%}
    {%- endif -%}
    {%- for name in names -%}
        {%- set seen = parts.get(oars.key_of(tables[name]), '') -%}
        {%- do oars.notice('parts of ' ~ name, seen)
            if oars.state().seen.get('parts of ' ~ name, '') != seen -%}
    {%- endfor -%}
{% endmacro %}


{#-
    Select of relation, course_key and version of a table; of one with dumps by their ids and times. A CCX
    without dumps of its own shows the blocks of its course: it has the version of that one.
-#}
{% macro content_versions(name, relation) -%}
    {%- set columns = oars.state().columns.get(oars.key_of(relation), []) | map(attribute=0) | list -%}
    {%- set is_dumped = 'dump_id' in columns and 'time_last_dumped' in columns -%}
    {%- set versions -%}
    select
        '{{ name }}' as relation,
        {{ 'course_key' if is_dumped and 'course_key' in columns else "'*'" }} as course_key,
        cityHash64(count(), sum(cityHash64(tuple(
            {{- 'dump_id, time_last_dumped' if is_dumped else '*' -}}
        )))) as version
    from {{ relation }}
    group by course_key
    {%- endset -%}
    {{ versions }}
    {%- if name == 'event_sink.course_blocks' %}
    union all
    select versions.relation, ccx_courses.course_key, versions.version
    from (
        select distinct
            course_key,
            {{ oars.course_of_ccx('course_key') }} as parent_key
        from {{ oars.ops('course_months') }}
        where startsWith(course_key, 'ccx-v1:')
    ) as ccx_courses
    inner join ({{ versions }}) as versions on ccx_courses.parent_key = versions.course_key
    where ccx_courses.course_key not in (select course_key from {{ relation }})
    {%- endif -%}
{%- endmacro %}


{#- Post-hook of seeds: what reads the seed is planned by its new rows. -#}
{% macro record_seed() %}
    {%- if execute and oars.state() -%}
        {%- do oars.learn_relation(this) -%}
        {%- do oars.record_contents({'seed.' ~ model.name: this}) -%}
        {%- do oars.state().seen.update({'loaded seed.' ~ model.name: 'yes'}) -%}
    {%- endif -%}
{% endmacro %}


{#- Name of a source table in the ledger. -#}
{% macro source_name(source) -%}
    {{ return(source.source_name ~ '.' ~ source.name) }}
{%- endmacro %}
