{#-
    The version that nobody wants. The ledger has it of what is being built, and, since a run that is
    killed leaves it there, of all that has to be built again.
-#}
{% macro unsettled() -%}
    cityHash64('unsettled', '{{ invocation_id }}')
{%- endmacro %}


{#- Writes to the ledger that courses of relations are unsettled; `pairs` selects relation, course_key. -#}
{% macro unsettle(pairs) %}
    {%- do run_query(
        'insert into ' ~ oars.ops('ledger')
        ~ ' (relation, course_key, version, invocation_id, written_at) select relation, course_key, '
        ~ oars.unsettled() ~ ", '" ~ invocation_id ~ "', " ~ oars.written_at() ~ ' from (' ~ pairs ~ ')'
    ) -%}
{% endmacro %}


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
        {%- do run_query(
            'insert into ' ~ oars.ops('ledger')
            ~ ' (relation, course_key, version, invocation_id, written_at) select relation, course_key,'
            ~ " version, '" ~ invocation_id ~ "', " ~ oars.written_at() ~ ' from (' ~ changed ~ ')'
        ) -%}
    {%- endif -%}
{% endmacro %}
