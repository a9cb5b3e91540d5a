{#-
    Two runs at once would plan on each other's half-built courses: the second stops here. Each
    writes its own claim before it looks for others, so of two that start together at least one
    sees the other. A run that is killed leaves a claim that expires; on the embedded engine only
    one process has the data folder, so a claim found there is of the dead.
-#}
{% macro take_lease() %}
    {%- if target.type != 'chdb' -%}
        {%- do write_lease() -%}
        {%- set other = other_lease() -%}
        {%- if other -%}
            {%- do write_lease('now64(6)') -%}
            {%- do exceptions.raise_compiler_error(
                'Another run is at work on this database: wait until it has ended, or, if it was '
                ~ 'killed, until its claim expires at ' ~ other ~ ' UTC.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{#- Until when another run has claimed the database; none where nobody has. -#}
{% macro other_lease() %}
    {%- set others -%}
        select formatDateTime(max(expires_at), '%F %T', 'UTC')
        from {{ ops('lease') }} final
        where invocation_id != '{{ invocation_id }}' and expires_at > now64(6)
        having count() > 0
    {%- endset -%}
    {{ return(run_query(others).rows | map(attribute=0) | first) }}
{% endmacro %}
