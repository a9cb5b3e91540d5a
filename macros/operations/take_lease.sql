{#-
    Two runs at once would plan on each other's half-built courses: the second stops here. It looks
    for the claim of another, claims the database and looks again, so of two that start together at
    least one sees the other; what it claimed in vain it takes back as if it had never been. A run
    that is killed leaves a claim that expires, one that ends before its first relation a short one;
    on the embedded engine only one process has the data folder, so a claim found there is of the
    dead.
-#}
{% macro take_lease() %}
    {%- if target.type != 'chdb' -%}
        {%- do refuse_beside(other_lease()) -%}
        {%- do write_lease('now64(6) + interval 5 minute') -%}
        {%- set other = other_lease() -%}
        {%- do write_lease(never()) if other -%}
        {%- do refuse_beside(other) -%}
    {%- endif -%}
{% endmacro %}


{#- Stops with one sentence where another run has claimed the database until then. -#}
{% macro refuse_beside(other) %}
    {%- if other -%}
        {%- do exceptions.raise_compiler_error(
            'Another run is at work on this database: wait until it has ended, or, if it was '
            ~ 'killed, until its claim expires at ' ~ other ~ ' UTC.'
        ) -%}
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
