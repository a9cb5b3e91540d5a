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
    version of before this run, since the engine merges the older row away when it likes; `is_last`
    spares it where the run asks no more.
-#}
{% macro write_versions(versions, is_last=false) %}
    {%- set into = 'insert into ' ~ oars.ops('ledger')
        ~ ' (relation, course_key, version, version_before, invocation_id, written_at)' -%}
    {#- With a row for each course and relation the engine's own blocks are most of a run's memory. -#}
    {%- set in_small_blocks = ' settings min_insert_block_size_rows = 200000, '
        ~ 'min_insert_block_size_bytes = 20000000' -%}
    {%- set moment = "'" ~ invocation_id ~ "', " ~ oars.written_at() -%}
    {%- if is_last -%}
        {%- do run_query(into ~ ' select relation, course_key, version, 0, ' ~ moment
            ~ ' from (' ~ versions ~ ')' ~ in_small_blocks) -%}
    {%- else -%}
        {%- do run_query(into
            ~ ' select versions.relation, versions.course_key, versions.version, ledger.version_before, '
            ~ moment
            ~ ' from (' ~ versions ~ ') as versions'
            ~ ' left join (' ~ oars.ledger_before_and_now()
            ~ ' where relation in (select relation from (' ~ versions ~ '))'
            ~ ' and course_key in (select course_key from (' ~ versions ~ '))) as ledger'
            ~ ' on versions.relation = ledger.relation and versions.course_key = ledger.course_key'
            ~ in_small_blocks ~ ', join_use_nulls = 0'
        ) -%}
    {%- endif -%}
{% endmacro %}


{#-
    Select of each version in the ledger, now and before this run. What this run wrote of relations is
    that they are unsettled. `final`, since rows in their order cost less to merge than to group.
-#}
{% macro ledger_before_and_now() -%}
    select
        relation,
        course_key,
        ledger.version as version,
        if(invocation_id = '{{ invocation_id }}', ledger.version_before, ledger.version)
            as version_before
    from {{ oars.ops('ledger') }} as ledger final
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
            select relation, course_key, version
            from {{ oars.ops('ledger') }} final
            where {{ named }} and version != 0
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
