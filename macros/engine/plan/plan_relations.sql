{#-
    Plans relations: which of their courses may have to be built, by the ledger alone. A course's
    wanted version is a hash of the versions of all roots that the relation rests on; it is 0, and
    the course's rows go, when no root has it any more. Planned are courses whose wanted version is
    not the settled one; of relations in `whole` all.

    A course is *forced* where it was not settled before this run, by the roots as they were then: it
    is built whatever its inputs say. Any other is built only if one of the relation's direct inputs
    turns out to have changed (what_to_build).

    All that is planned of selected relations is unsettled from here on until the run ends: if it is
    killed, the next run forces the same. Of others the plan says only that they are behind.
-#}
{% macro plan_relations(nodes) %}
    {%- set state = oars.state() -%}
    {%- if nodes -%}
        {%- do oars.load_changed_roots() -%}
        {%- set names = nodes | map(attribute='name') | list -%}
        {%- set selected = [] -%}
        {%- for node in nodes if node.unique_id in selected_resources -%}
            {%- do selected.append(node.name) -%}
            {%- do state.whole.update({node.name: true}) if oars.is_to_be_whole(node) -%}
        {%- endfor -%}
        {%- set planned = oars.planned_courses(nodes, state.whole) -%}
        {%- if state.changed or run_query('select count() from (' ~ planned ~ ')').rows[0][0] -%}
            {%- do oars.claim() -%}
            {%- for name in names if name in state.plans -%}
                {%- do run_query('alter table ' ~ oars.ops('plan') ~ " drop partition '" ~ name ~ "'") -%}
            {%- endfor -%}
            {%- do run_query('insert into ' ~ oars.ops('plan') ~ ' ' ~ planned) -%}
            {%- if selected -%}
                {%- do oars.unsettle(
                    'select relation, course_key from ' ~ oars.ops('plan') ~ " where course_key != '-'"
                    ~ ' and relation in ' ~ oars.text_array(selected)
                ) -%}
            {%- endif -%}
        {%- endif -%}
        {%- do oars.load_plans(names) -%}
    {%- endif -%}
{% endmacro %}


{#- Whether all of a relation is asked for, or missing, or was never seen by a run. -#}
{% macro is_to_be_whole(node) %}
    {{ return(
        flags.FULL_REFRESH
        or node.schema ~ '.' ~ node.alias not in oars.state().columns
        or 'text of ' ~ node.name not in oars.state().seen
    ) }}
{% endmacro %}


{#- Select of the courses to plan, as rows of oars_ops.plan. See plan_relations. -#}
{% macro planned_courses(nodes, whole) -%}
    {%- set tables = [] -%}
    {%- set roots = [] -%}
    {%- for node in nodes -%}
        {%- do tables.append("('" ~ node.name ~ "', '" ~ node.config.meta.scope ~ "', '" ~ node.schema
            ~ "', '" ~ node.alias ~ "', " ~ (node.name in whole) ~ ')') -%}
        {%- for root in oars.all_roots_of(node.unique_id) -%}
            {%- do roots.append("('" ~ node.name ~ "', '" ~ root ~ "', false)") -%}
        {%- endfor -%}
        {%- for root in oars.roots_across_courses(node.unique_id) -%}
            {%- do roots.append("('" ~ node.name ~ "', '" ~ root ~ "', true)") -%}
        {%- endfor -%}
    {%- endfor -%}
    with
    relations as (
        select *
        from values(
            'name String, scope String, database String, identifier String, is_whole Bool',
            {{ tables | join(', ') }}
        )
    ),
    roots_of_relations as (
        select *
        from values(
            'name String, root String, is_of_all_courses Bool',
            {{ roots | join(', ') or "('', '', false)" }}
        )
    ),
    ledger as ({{ oars.ledger_before_and_now() }}),
    root_versions as (
        select
            {{ oars.roots_of_version() }} as root,
            relation,
            course_key,
            version,
            version_before
        from ledger
    ),
    of_all_courses as (
        select
            roots_of_relations.name as name,
            sumIf(cityHash64(relation, version), version != 0) as version,
            sumIf(cityHash64(relation, version_before), version_before != 0) as version_before
        from roots_of_relations
        inner join root_versions on roots_of_relations.root = root_versions.root
        where course_key = '*' or is_of_all_courses
        group by name
    ),
    wanted as (
        select
            relations.name as relation,
            if(relations.scope = 'instance', '*', root_versions.course_key) as course_key,
            if(max(root_versions.version) = 0, 0, cityHash64(
                sumIf(
                    cityHash64(root_versions.relation, root_versions.course_key, root_versions.version),
                    root_versions.version != 0
                ),
                any(of_all_courses.version)
            )) as version,
            if(max(root_versions.version_before) = 0, 0, cityHash64(
                sumIf(
                    cityHash64(
                        root_versions.relation, root_versions.course_key, root_versions.version_before
                    ),
                    root_versions.version_before != 0
                ),
                any(of_all_courses.version_before)
            )) as version_before
        from relations
        inner join roots_of_relations on relations.name = roots_of_relations.name
        inner join root_versions on roots_of_relations.root = root_versions.root
        left join of_all_courses on relations.name = of_all_courses.name
        where
            not roots_of_relations.is_of_all_courses
            and (relations.scope = 'instance' or (
                root_versions.course_key != '*'
                and (relations.scope = 'statement' or root_versions.course_key != '')
            ))
        group by relation, course_key
    ),
    settled as (
        select relation, course_key, version_before as version
        from ledger
        where relation in (select name from relations) and version_before != 0
    ),
    compared as (
        select
            if(wanted.relation != '', wanted.relation, settled.relation) as relation,
            if(wanted.relation != '', wanted.course_key, settled.course_key) as course_key,
            wanted.version as version,
            settled.version as settled_version,
            settled.version = 0 or settled.version != wanted.version_before as is_forced
        from wanted
        full outer join settled
            on wanted.relation = settled.relation and wanted.course_key = settled.course_key
    ),
    -- Rows of which the ledger knows no course.
    unknown as (
        select relations.name as relation, '-' as course_key, parts.partition_id as partition
        from system.parts as parts
        inner join relations
            on parts.database = relations.database and parts.table = relations.identifier
        where
            parts.active
            and parts.rows > 0
            and relations.scope != 'instance'
            and (relation, partition) not in (
                select relation, toString({{ oars.course_bucket() }}) from settled
            )
    )
    select
        relation,
        course_key,
        if(course_key = '*', 'all', toString({{ oars.course_bucket() }})) as partition,
        version,
        is_forced
    from compared
    where
        version != settled_version
        or relation in (select name from relations where is_whole)
    union all
    select distinct relation, course_key, partition, 0, true from unknown
    settings join_use_nulls = 0
{%- endmacro %}


{#-
    What a version in the ledger is one of, each in a row: base/other/voiding is a part of base/other,
    and that of base/*.
-#}
{% macro roots_of_version() -%}
    arrayJoin(if(
        startsWith(relation, 'base/'),
        arrayDistinct([relation, extract(relation, '^base/[^/]+'), 'base/*']),
        [relation]
    ))
{%- endmacro %}


{#- Roots that this run found changed, and of which courses: see what_to_build. -#}
{% macro load_changed_roots() %}
    {%- set changed -%}
        select
            {{ oars.roots_of_version() }} as root,
            course_key
        from ({{ oars.ledger_before_and_now() }})
        where
            version != version_before
            and relation in (
                select relation from {{ oars.ops('ledger') }}
                where invocation_id = '{{ invocation_id }}'
            )
            and relation not in {{ oars.text_array(oars.planned_models() | map(attribute='name')) }}
    {%- endset -%}
    {%- if oars.state().claimed -%}
        {%- for row in run_query(changed).rows -%}
            {%- do oars.state().changed.setdefault(row[0], {}).update({row[1]: true}) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{#- What is planned, into memory: relation -> partition -> forced and other courses. -#}
{% macro load_plans(names) %}
    {%- set plans = oars.state().plans -%}
    {%- for name in names -%}
        {%- do plans.update({name: {}}) -%}
    {%- endfor -%}
    {%- set planned -%}
        select
            relation,
            partition,
            is_forced,
            arrayStringConcat(arraySort(groupArray(course_key)), '\n') as courses
        from {{ oars.ops('plan') }}
        where relation in {{ oars.text_array(names) }}
        group by relation, partition, is_forced
    {%- endset -%}
    {#- Most relations have the same courses: with many of these each name is kept once. -#}
    {%- set lists = {} -%}
    {%- for row in run_query(planned).rows if oars.state().claimed -%}
        {%- do lists.update({row[3]: row[3].split('\n')}) if row[3] not in lists -%}
        {%- set partition = plans[row[0]].setdefault(row[1], {'forced': [], 'other': []}) -%}
        {%- do partition['forced' if row[2] else 'other'].extend(lists[row[3]]) -%}
    {%- endfor -%}
{% endmacro %}
