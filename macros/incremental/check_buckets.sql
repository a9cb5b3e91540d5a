{#- Stops with one sentence where the relation was built with another number of buckets. -#}
{% macro check_buckets() %}
    {%- if model.config.meta.get('scope', 'course') != 'instance' and not should_full_refresh() -%}
        {%- set bucket = course_bucket() | trim -%}
        {%- set question -%}
            select count()
            from system.tables
            where
                database = '{{ this.schema }}'
                and name = '{{ this.identifier }}'
                and partition_key not in ('{{ bucket }}', '({{ bucket }})')
        {%- endset -%}
        {%- if run_query(question).rows[0][0] -%}
            {%- do exceptions.raise_compiler_error(
                this ~ ' was built with another number of course_buckets: run '
                ~ '`dbt run --full-refresh --exclude base_xapi__statements` once.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
