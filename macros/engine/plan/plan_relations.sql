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

    Most relations rest on the same roots and are settled alike: these share one plan.
-#}
{% macro plan_relations(nodes) %}
    {%- set state = oars.state() -%}
    {%- if nodes -%}
        {%- do oars.load_changed_roots() -%}
        {%- for node in nodes
            if node.unique_id in selected_resources and oars.is_to_be_whole(node) -%}
            {%- do state.whole.update({node.name: true}) -%}
        {%- endfor -%}
        {%- set plans = oars.plans_to_make(nodes) -%}
        {%- set planned = oars.planned_courses(plans) -%}
        {%- if state.changed or run_query('select count() from (' ~ planned ~ ')').rows[0][0] -%}
            {%- do oars.claim() -%}
            {%- do run_query('insert into ' ~ oars.ops('plan') ~ ' ' ~ planned) -%}
            {%- set selected = [] -%}
            {%- for node in nodes if node.unique_id in selected_resources -%}
                {%- do selected.append(node.name) -%}
            {%- endfor -%}
            {%- do oars.unsettle(oars.planned_versions(selected)) if selected -%}
        {%- endif -%}
        {%- do oars.load_plans(plans) -%}
    {%- endif -%}
{% endmacro %}


{#- Select of relation, course_key and version of what is planned of relations. -#}
{% macro planned_versions(names) -%}
    {%- set plans = [] -%}
    {%- for name in names -%}
        {%- do plans.append("('" ~ name ~ "', '" ~ oars.state().plan_of[name] ~ "')") -%}
    {%- endfor -%}
    select plan_of.relation as relation, plan.course_key as course_key, plan.version as version
    from {{ oars.ops('plan') }} as plan
    inner join values('relation String, plan String', {{ plans | join(', ') }}) as plan_of
        on plan.plan = plan_of.plan
    where plan.course_key != '-'
{%- endmacro %}


{#-
    The plans that the relations need, and which of them has which: see plan_relations. `relation` is one
    of those that share it, `unknown` are partitions with rows of which the ledger knows no course.
-#}
{% macro plans_to_make(nodes) %}
    {%- set state = oars.state() -%}
    {%- set by_likeness = {} -%}
    {%- set settled = {} -%}
    {%- for row in run_query(oars.how_settled(nodes)).rows -%}
        {%- do settled.update({row[0]: (row[1], row[2])}) -%}
    {%- endfor -%}
    {%- for node in nodes -%}
        {%- set plan = {
            'relation': node.name,
            'scope': node.config.meta.scope,
            'roots': oars.all_roots_of(node.unique_id),
            'across': oars.roots_across_courses(node.unique_id),
            'is_whole': node.name in state.whole,
            'unknown': settled[node.name][1].split(' ') | select | list,
        } -%}
        {%- set likeness = tojson([
            plan.scope, plan.roots, plan.across, plan.is_whole, settled[node.name],
        ]) -%}
        {%- if likeness not in by_likeness -%}
            {%- do state.update({'plan_count': state.plan_count + 1}) -%}
            {%- do plan.update({'name': node.name ~ ' ' ~ state.plan_count}) -%}
            {%- do by_likeness.update({likeness: plan}) -%}
        {%- endif -%}
        {%- do state.plan_of.update({node.name: by_likeness[likeness].name}) -%}
    {%- endfor -%}
    {{ return(by_likeness.values() | list) }}
{% endmacro %}


{#-
    Select of how relations are settled: the relation, a hash of all its settled versions, and the
    partitions of its table with rows of which the ledger knows no course.
-#}
{% macro how_settled(nodes) -%}
    {%- set tables = [] -%}
    {%- for node in nodes -%}
        {%- do tables.append("('" ~ node.name ~ "', '" ~ node.config.meta.scope ~ "', '" ~ node.schema
            ~ "', '" ~ node.alias ~ "')") -%}
    {%- endfor -%}
    with
    relations as (
        select *
        from values(
            'name String, scope String, database String, identifier String', {{ tables | join(', ') }}
        )
    ),
    ledger as ({{ oars.ledger_before_and_now() }}),
    settled as (
        select
            relation,
            sum(cityHash64(course_key, version_before)) as hash,
            arrayMap(bucket -> toString(bucket), groupUniqArray({{ oars.course_bucket() }})) as buckets
        from ledger
        where relation in (select name from relations) and version_before != 0
        group by relation
    ),
    filled as (
        select relations.name as relation, groupUniqArray(parts.partition_id) as partitions
        from system.parts as parts
        inner join relations
            on parts.database = relations.database and parts.table = relations.identifier
        where parts.active and parts.rows > 0 and relations.scope != 'instance'
        group by relation
    )
    select
        relations.name,
        toString(settled.hash),
        arrayStringConcat(
            arraySort(arrayFilter(bucket -> not has(settled.buckets, bucket), filled.partitions)), ' '
        )
    from relations
    left join settled on relations.name = settled.relation
    left join filled on relations.name = filled.relation
    settings join_use_nulls = 0
{%- endmacro %}


{#- Whether all of a relation is asked for, or missing, or was never seen by a run. -#}
{% macro is_to_be_whole(node) %}
    {{ return(
        flags.FULL_REFRESH
        or node.schema ~ '.' ~ node.alias not in oars.state().columns
        or 'text of ' ~ node.name not in oars.state().seen
    ) }}
{% endmacro %}


{#-
    Select of the courses to plan, as rows of oars_ops.plan. See plan_relations. Wanted versions are
    computed once for each set of roots.
-#}
{% macro planned_courses(plans) -%}
    {%- set listed = [] -%}
    {%- set sets = [] -%}
    {%- set scopes = [] -%}
    {%- set roots = [] -%}
    {%- set unknown = [] -%}
    {%- for plan in plans -%}
        {%- set set_of_roots = (plan.scope, plan.roots, plan.across) -%}
        {%- if set_of_roots not in sets -%}
            {%- do sets.append(set_of_roots) -%}
            {%- do scopes.append('(' ~ sets | length ~ ", '" ~ plan.scope ~ "')") -%}
            {%- for root in plan.roots -%}
                {%- do roots.append('(' ~ sets | length ~ ", '" ~ root ~ "', false)") -%}
            {%- endfor -%}
            {%- for root in plan.across -%}
                {%- do roots.append('(' ~ sets | length ~ ", '" ~ root ~ "', true)") -%}
            {%- endfor -%}
        {%- endif -%}
        {%- do listed.append("('" ~ plan.name ~ "', '" ~ plan.relation ~ "', "
            ~ (sets.index(set_of_roots) + 1) ~ ', ' ~ plan.is_whole ~ ')') -%}
        {%- for partition in plan.unknown -%}
            {%- do unknown.append("('" ~ plan.name ~ "', '" ~ partition ~ "')") -%}
        {%- endfor -%}
    {%- endfor -%}
    with
    plans as (
        select *
        from values(
            'name String, relation String, root_set UInt32, is_whole Bool', {{ listed | join(', ') }}
        )
    ),
    root_sets as (
        select * from values('root_set UInt32, scope String', {{ scopes | join(', ') }})
    ),
    roots_of_sets as (
        select *
        from values(
            'root_set UInt32, root String, is_of_all_courses Bool',
            {{ roots | join(', ') or "(0, '', false)" }}
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
        where relation not in {{ oars.text_array(oars.planned_models() | map(attribute='name')) }}
    ),
    of_all_courses as (
        select
            roots_of_sets.root_set as root_set,
            sumIf(cityHash64(relation, version), version != 0) as version,
            sumIf(cityHash64(relation, version_before), version_before != 0) as version_before
        from roots_of_sets
        inner join root_versions on roots_of_sets.root = root_versions.root
        where course_key = '*' or is_of_all_courses
        group by root_set
    ),
    wanted_of_sets as (
        select
            root_sets.root_set as root_set,
            if(root_sets.scope = 'instance', '*', root_versions.course_key) as course_key,
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
        from root_sets
        inner join roots_of_sets on root_sets.root_set = roots_of_sets.root_set
        inner join root_versions on roots_of_sets.root = root_versions.root
        left join of_all_courses on root_sets.root_set = of_all_courses.root_set
        where
            not roots_of_sets.is_of_all_courses
            and (root_sets.scope = 'instance' or (
                root_versions.course_key != '*'
                and (root_sets.scope = 'statement' or root_versions.course_key != '')
            ))
        group by root_set, course_key
    ),
    wanted as (
        select plans.name as plan, wanted_of_sets.*
        from wanted_of_sets
        inner join plans on wanted_of_sets.root_set = plans.root_set
    ),
    settled as (
        select plans.name as plan, ledger.course_key as course_key, ledger.version_before as version
        from ledger
        inner join plans on ledger.relation = plans.relation
        where ledger.relation in (select relation from plans) and ledger.version_before != 0
    ),
    compared as (
        select
            if(wanted.plan != '', wanted.plan, settled.plan) as plan,
            if(wanted.plan != '', wanted.course_key, settled.course_key) as course_key,
            wanted.version as version,
            settled.version as settled_version,
            settled.version = 0 or settled.version != wanted.version_before as is_forced
        from wanted
        full outer join settled
            on wanted.plan = settled.plan and wanted.course_key = settled.course_key
    )
    select
        plan,
        course_key,
        if(course_key = '*', 'all', toString({{ oars.course_bucket() }})) as partition,
        version,
        is_forced
    from compared
    where
        version != settled_version
        or plan in (select name from plans where is_whole)
    {%- if unknown %}
    union all
    select plan, '-', partition, 0, true
    from values('plan String, partition String', {{ unknown | join(', ') }})
    {%- endif %}
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
        with
        versions as (
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
        )
        select root, arrayStringConcat(groupUniqArray(course_key), '\n') as courses
        from versions
        group by root
    {%- endset -%}
    {%- if oars.state().claimed -%}
        {%- for row in run_query(changed).rows -%}
            {%- do oars.state().changed.setdefault(row[0], {}).update(
                dict.fromkeys(row[1].split('\n'), true)
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{#- What is planned, into memory: relation -> partition -> forced and other courses. -#}
{% macro load_plans(plans) %}
    {%- set state = oars.state() -%}
    {%- set loaded = {} -%}
    {%- for plan in plans -%}
        {%- do loaded.update({plan.name: {}}) -%}
    {%- endfor -%}
    {%- set planned -%}
        select
            plan,
            partition,
            is_forced,
            arrayStringConcat(arraySort(groupArray(course_key)), '\n') as courses
        from {{ oars.ops('plan') }}
        where plan in {{ oars.text_array(loaded) }}
        group by plan, partition, is_forced
    {%- endset -%}
    {%- for row in run_query(planned).rows if state.claimed -%}
        {%- set partition = loaded[row[0]].setdefault(row[1], {'forced': [], 'other': []}) -%}
        {%- do partition['forced' if row[2] else 'other'].extend(row[3].split('\n')) -%}
    {%- endfor -%}
    {%- for name, plan in state.plan_of.items() if plan in loaded -%}
        {%- do state.plans.update({name: loaded[plan]}) -%}
    {%- endfor -%}
{% endmacro %}
