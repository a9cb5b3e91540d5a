{#-
    Builds courses of a relation beside it and swaps in what differs: the staging table gets the rows
    that the model selects; courses of which these are the rows that are there already are left at
    that; the partitions of the others get the present rows of their other courses, and replace those of
    the relation in one statement, each atomically. What changed is told on to all that reads it.

    The staging table has the run's own name: a run that was taken for dead cannot swap in what its
    successor has staged.
-#}
{% macro build_relation(sql, existing, building) %}
    {%- set columns = oars.columns_of_model(sql) if building.is_whole
        else oars.state().columns[oars.key_of(this)] -%}
    {%- set listed = columns | map(attribute=0) | map('tojson') | join(', ') | replace('"', '`') -%}
    {%- set staging = this.incorporate(type='table', path={
        'identifier': this.identifier ~ '__dbt_new_data_' ~ invocation_id.replace('-', '_')
    }) -%}
    {%- do oars.claim() -%}
    {%- set sql = oars.name_courses(sql, building) -%}
    {%- do run_query(oars.table_definition(staging, columns)) -%}
    {%- call statement('main') -%}
        insert into {{ staging }} ({{ listed }}) {{ oars.mark() }}
        select {{ listed }}
        from (
            {{ sql }}
        )
        {{ adapter.get_model_query_settings(model) }}
    {%- endcall -%}
    {%- set is_comparable = existing is not none
        and columns == oars.state().columns.get(oars.key_of(this)) -%}
    {%- set changed = oars.changed_courses(staging, listed, building) if is_comparable
        else {'*': true} -%}
    {%- set told = oars.courses_of_differing(staging, listed)
        if is_comparable and changed and model.config.meta.is_of_statements else changed -%}
    {%- do oars.state().changed.update({model.name: told}) -%}
    {%- do oars.state().built.update({model.name: true}) if changed -%}
    {%- do oars.claim() -%}
    {%- if existing is none -%}
        {%- do run_query('rename table ' ~ staging ~ ' to ' ~ this ~ oars.on_cluster()) -%}
    {%- elif building.is_whole -%}
        {%- do run_query('exchange tables ' ~ staging ~ ' and ' ~ this ~ oars.on_cluster()) -%}
    {%- else -%}
        {%- do oars.swap_partitions(staging, listed, building, changed) -%}
    {%- endif -%}
    {%- do run_query('drop table if exists ' ~ staging ~ oars.on_cluster()) -%}
    {%- do oars.learn_relation(this) if building.is_whole -%}
{% endmacro %}


{#-
    Says in the model's select which courses are built, and for `building` as `courses`: by name where
    they are few, since a list costs the engine less to plan than a subselect, and else by
    oars_ops.building, which the models' conditions read (planned, in_planned_months).
-#}
{% macro name_courses(sql, building) %}
    {%- set courses = [] -%}
    {%- for listed in building.partitions.values() -%}
        {%- do courses.extend(listed) -%}
    {%- endfor -%}
    {%- if 0 < courses | length <= 8000 and courses | join | length <= 8000 -%}
        {%- set list = oars.text_array(courses) -%}
        {%- do building.update({'courses': list}) -%}
        {%- if oars.months_of_building() in sql -%}
            {%- set sql = sql.replace(oars.months_of_building(), oars.months_of_courses(courses)) -%}
        {%- endif -%}
        {{ return(sql.replace(oars.courses_of_building(), list)) }}
    {%- endif -%}
    {%- do building.update({'courses': oars.courses_of_building()}) -%}
    {%- do oars.insert_building(building.partitions) if courses -%}
    {{ return(sql) }}
{% endmacro %}


{#- Months in which one of the courses has a statement; of each course they are asked for once. -#}
{% macro months_of_courses(courses) %}
    {%- set known = oars.state().months -%}
    {%- set unknown = courses | reject('in', known) | list -%}
    {%- set question -%}
        select course_key, arrayStringConcat(groupUniqArray(toString(month)), ' ')
        from {{ oars.ops('course_months') }}
        where course_key in {{ oars.text_array(unknown) }}
        group by course_key
    {%- endset -%}
    {%- if unknown -%}
        {#- Another thread may read what is known at any moment: it learns all at once. -#}
        {%- set found = dict.fromkeys(unknown, ['0']) -%}
        {%- for row in run_query(question).rows -%}
            {%- do found.update({row[0]: row[1].split(' ')}) -%}
        {%- endfor -%}
        {%- do known.update(found) -%}
    {%- endif -%}
    {%- set months = [] -%}
    {%- for course in courses -%}
        {%- do months.extend(known[course]) -%}
    {%- endfor -%}
    {{ return('(' ~ months | unique | sort | join(', ') ~ ')') }}
{% endmacro %}


{#-
    Notes many courses that are built. Only those of a partition that is built in part are named.
-#}
{% macro insert_building(partitions) %}
    {%- set planned = oars.state().plans[model.name] -%}
    {%- set whole = [] -%}
    {%- set named = [] -%}
    {%- for partition, courses in partitions.items() -%}
        {%- if courses | length == planned[partition].forced | length + planned[partition].other | length -%}
            {%- do whole.append(partition) -%}
        {%- else -%}
            {%- do named.extend(courses) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do run_query(
        'insert into ' ~ oars.ops('building') ~ " select '" ~ model.name ~ "', course_key, partition from "
        ~ oars.ops('plan') ~ " where plan = '" ~ oars.state().plan_of[model.name] ~ "' and (partition in "
        ~ oars.text_array(whole) ~ ' or course_key in ' ~ oars.text_array(named) ~ ')'
    ) -%}
{% endmacro %}


{#- Courses of which the staging table has other rows than the relation. -#}
{% macro changed_courses(staging, listed, building) %}
    {%- set key = "'*'" if model.config.meta.scope == 'instance' else 'course_key' -%}
    {%- set differing -%}
        with
        both as (
            select {{ key }} as key, count() as row_count, sum(cityHash64(tuple({{ listed }}))) as hash
            from {{ staging }}
            group by key
            union all
            select {{ key }} as key, count() as row_count, sum(cityHash64(tuple({{ listed }}))) as hash
            from {{ this }}
            {%- if model.config.meta.scope != 'instance' and not building.is_whole %}
            where
                _partition_id in {{ oars.text_array(building.partitions) }}
                and course_key in {{ building.courses }}
            {%- endif %}
            group by key
        )
        select key
        from both
        group by key
        having count() != 2 or min(row_count) != max(row_count) or min(hash) != max(hash)
    {%- endset -%}
    {{ return(oars.keys_of(differing)) }}
{% endmacro %}


{#-
    Courses of the statements of which the staging table has other rows than the relation: what a
    relation of statements, which has no course of its own, tells on. A statement that base has not yet
    will be news of its course by itself.
-#}
{% macro courses_of_differing(staging, listed) %}
    {%- set base = graph.nodes[oars.base_id()] -%}
    {%- set question -%}
        with
        both as (
            select event_id, cityHash64(tuple({{ listed }})) as hash
            from {{ staging }}
            union all
            select event_id, cityHash64(tuple({{ listed }})) as hash
            from {{ this }}
        ),
        differing as (
            select event_id
            from both
            group by event_id
            having count() != 2 or min(hash) != max(hash)
        )
        select distinct coalesce(course_key, '') as key
        from {{ base.schema }}.{{ base.alias }}
        where event_id in (select differing.event_id from differing)
    {%- endset -%}
    {{ return(oars.keys_of(question)) }}
{% endmacro %}


{#- The keys that a select finds, as those of a mapping. They come in one row, which dbt reads at once. -#}
{% macro keys_of(question) %}
    {%- set keys = {} -%}
    {%- for row in run_query(
        "select count(), arrayStringConcat(groupArray(key), '\\n') from (" ~ question ~ ')'
    ).rows if row[0] -%}
        {%- do keys.update(dict.fromkeys(row[1].split('\n'), true)) -%}
    {%- endfor -%}
    {{ return(keys) }}
{% endmacro %}


{#- Replaces the partitions that have a changed course, emptied ones included. -#}
{% macro swap_partitions(staging, listed, building, changed) %}
    {%- set partitions = [] -%}
    {%- for partition, courses in building.partitions.items() -%}
        {%- set differing = courses | select('in', changed) | list -%}
        {#- '-' stands for rows of which the ledger knows no course: they go. -#}
        {%- do partitions.append(partition) if differing or '-' in courses -%}
    {%- endfor -%}
    {%- if partitions -%}
        {%- if model.config.meta.scope != 'instance' -%}
            {%- set others -%}
                insert into {{ staging }} ({{ listed }})
                select {{ listed }}
                from {{ this }}
                where
                    _partition_id in {{ oars.text_array(partitions) }}
                    and course_key not in {{ building.courses }}
                    and course_key in (
                        select course_key
                        from {{ oars.ops('ledger') }} final
                        where relation = '{{ model.name }}' and version != 0
                    )
            {%- endset -%}
            {%- do run_query(others) -%}
        {%- endif -%}
        {%- set swap -%}
            alter table {{ this }}
            {%- for partition in partitions %}
                replace partition id '{{ partition }}' from {{ staging }}{{ ',' if not loop.last }}
            {%- endfor %}
            {%- if adapter.is_at_or_after_version('26.6') %}
                settings allow_replace_partition_from_empty_source = 1
            {%- endif %}
        {%- endset -%}
        {%- do oars.claim() -%}
        {%- do run_query(swap) -%}
    {%- endif -%}
{% endmacro %}


{#- `create table` of the model that is being built, under any name. -#}
{% macro table_definition(relation, columns) -%}
    create table {{ relation }}{{ oars.on_cluster() }} (
        {%- for column in columns %}
        `{{ column[0] }}` {{ column[1] }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
    engine = {{ config.get('engine') }}
    partition by {{ oars.partition_of_model() }}
    order by ({{ config.get('order_by') | join(', ') }})
    {{ adapter.get_model_settings(model, config.get('engine')) }}
{%- endmacro %}
