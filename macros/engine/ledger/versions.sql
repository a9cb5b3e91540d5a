{#-
    The version that nobody wants. The ledger has it of what is being built, and, since a run that is
    killed leaves it there, of all that has to be built again.
-#}
{% macro unsettled() -%}
    cityHash64('unsettled', '{{ invocation_id }}')
{%- endmacro %}


{#- Writes to the ledger that courses of relations are unsettled; `pairs` selects relation, course_key. -#}
{% macro unsettle(pairs) %}
    {%- do oars.write_versions(
        'select relation, course_key, ' ~ oars.unsettled() ~ ' as version from (' ~ pairs ~ ')'
    ) -%}
{% endmacro %}


{#-
    Writes to the ledger what `versions` selects: relation, course_key and version. Beside it stands the
    version of before this run, since the engine merges the older row away when it likes.
-#}
{% macro write_versions(versions) %}
    {%- do run_query(
        'insert into ' ~ oars.ops('ledger')
        ~ ' (relation, course_key, version, version_before, invocation_id, written_at)'
        ~ ' select versions.relation, versions.course_key, versions.version, ledger.version_before, '
        ~ "'" ~ invocation_id ~ "', " ~ oars.written_at()
        ~ ' from (' ~ versions ~ ') as versions'
        ~ ' left join (' ~ oars.ledger_before_and_now() ~ ') as ledger'
        ~ ' on versions.relation = ledger.relation and versions.course_key = ledger.course_key'
        ~ ' settings join_use_nulls = 0'
    ) -%}
{% endmacro %}


{#-
    Select of each version in the ledger, now and before this run. What this run wrote of relations is
    that they are unsettled.
-#}
{% macro ledger_before_and_now() -%}
    select
        relation,
        course_key,
        argMax((ledger.version, ledger.version_before, invocation_id), written_at) as newest,
        newest.1 as version,
        if(newest.3 = '{{ invocation_id }}', newest.2, newest.1) as version_before
    from {{ oars.ops('ledger') }} as ledger
    group by relation, course_key
{%- endmacro %}


{#-
    Writes to the ledger those versions of roots that changed. `found` is a select of relation,
    course_key and version; what it lacks of the named relations, or of those that start with
    `prefix`, gets version 0. Nothing is written where nothing changed.
-#}
{% macro record_versions(found, names, prefix='') %}
    {%- set named -%}
        (
            relation in {{ oars.text_array(names) }}
            {%- if prefix %} or startsWith(relation, '{{ prefix }}'){% endif %}
        )
    {%- endset -%}
    {%- set changed -%}
        with
        found as ({{ found }}),
        known as (
            select relation, course_key, argMax(version, written_at) as version
            from {{ oars.ops('ledger') }}
            where {{ named }}
            group by relation, course_key
            having version != 0
        )
        select
            if(found.version != 0, found.relation, known.relation) as relation,
            if(found.version != 0, found.course_key, known.course_key) as course_key,
            found.version as version
        from found
        full outer join known
            on found.relation = known.relation and found.course_key = known.course_key
        where found.version != known.version
        settings join_use_nulls = 0
    {%- endset -%}
    {%- if run_query('select count() from (' ~ changed ~ ')').rows[0][0] -%}
        {%- do oars.claim() -%}
        {%- do oars.write_versions(changed) -%}
    {%- endif -%}
{% endmacro %}
