{#-
    Pre-hook of every incremental relation above base: writes to oars_ops.plan which courses it has to
    build, those whose wanted version differs from the one in the ledger.

    The wanted version of a course is a hash of the versions of the model's direct inputs, of its
    own compiled SQL, of the views between, of the seeds it reads and, where config.meta has
    `moves_with_day`, of the day of "now". It is 0, and the course's rows go, when no input has it.

    config.meta.scope is `course` (default), `statement` (course, or '' for statements of none) or
    `instance` (one key, '*', for relations across courses).
-#}
{% macro plan_courses() %}
{%- if execute -%}
    {%- do renew_lease() -%}
    {%- do check_buckets() -%}
    {%- set scope = model.config.meta.get('scope', 'course') -%}
    {%- set inputs = direct_inputs(model.unique_id) -%}
    {%- set rebuild_all = should_full_refresh() or load_cached_relation(this) is none -%}
    {%- set text = sql ~ tojson(model.config.get('query_settings', {}), sort_keys=true) -%}
    {%- set plan -%}
        insert into {{ ops('plan') }} (relation, course_key, partition, version)
        with
        inputs as ({{ ledger_versions(inputs.relations) }}),
        -- Of a tuple the hash is never NULL, and NULL is never different.
        common as (
            select cityHash64(tuple(
                '{{ local_md5(text) }}'
                {%- for view in inputs.views %},
                (select as_select from system.tables
                where database = '{{ view.schema }}' and name = '{{ view.identifier }}')
                {%- endfor -%}
                {%- for seed in inputs.seeds %},
                (select cityHash64(count(), sum(cityHash64(tuple(*)))) from {{ seed }})
                {%- endfor -%}
                {%- if model.config.meta.get('moves_with_day') %},
                {{ day_of(now_at()) }}
                {%- endif %},
                (select sum(cityHash64(relation, version)) from inputs where course_key = '*')
            )) as version
        ),
        wanted as (
            select
                {{ "'*'" if scope == 'instance' else 'inputs.course_key' }} as course_key,
                cityHash64(
                    sum(cityHash64(inputs.relation, inputs.course_key, inputs.version)),
                    any(common.version)
                ) as version
            from inputs
            cross join common
            {%- if scope != 'instance' %}
            where inputs.course_key != '*' {{ "and inputs.course_key != ''" if scope == 'course' }}
            {%- endif %}
            group by course_key
        ),
        known as ({{ ledger_versions([model.name]) }})
        select
            '{{ model.name }}' as relation,
            if(wanted.version != 0, wanted.course_key, known.course_key) as course_key,
            {{ "'all'" if scope == 'instance' else 'toString(' ~ course_bucket() ~ ')' }}
                as partition,
            wanted.version as version
        from wanted
        full outer join known on wanted.course_key = known.course_key
        where {{ 'true' if rebuild_all else 'wanted.version != known.version' }}
        {%- if scope != 'instance' and not rebuild_all %}
        union all
        -- Rows of which the ledger knows no course.
        select '{{ model.name }}', '-', parts.partition_id, 0
        from system.parts as parts
        where
            parts.active
            and parts.rows > 0
            and parts.database = '{{ this.schema }}'
            and parts.table = '{{ this.identifier }}'
            and parts.partition_id not in (
                select toString({{ course_bucket() }}) from known
            )
        {%- endif %}
        settings join_use_nulls = 0
    {%- endset -%}
    {%- set unsettled -%}
        insert into {{ ops('ledger') }} (relation, course_key, version, invocation_id)
        select relation, course_key, cityHash64('building', '{{ invocation_id }}'), '{{ invocation_id }}'
        from {{ ops('plan') }}
        where relation = '{{ model.name }}'
    {%- endset -%}
    {%- do run_query('alter table ' ~ ops('plan') ~ " drop partition '" ~ model.name ~ "'") -%}
    {%- do run_query(plan) -%}
    {#- Until the swap is in the ledger, what the courses hold is not known: a run that is killed
        in between leaves a version that nobody wants. -#}
    {%- do run_query(unsettled) -%}
{%- endif -%}
{% endmacro %}
