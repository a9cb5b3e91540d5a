{#-
    Claims the database anew before each step that writes what readers see or what other steps rest
    on. A run that was taken for dead, because it was halted for longer than its lease, finds that
    another has claimed the database since, be it still at work or done, and stops.
-#}
{% macro renew_lease() %}
    {%- if target.type != 'chdb' and flags.WHICH in ('run', 'build') -%}
        {%- if has_successor() -%}
            {%- do exceptions.raise_compiler_error(
                'This run was halted for longer than its lease and another has taken over: the '
                ~ 'next run finishes what is left.'
            ) -%}
        {%- endif -%}
        {%- do write_lease() -%}
    {%- endif -%}
{% endmacro %}


{#- Whether another run has claimed the database after this one last did. -#}
{% macro has_successor() %}
    {%- set successors -%}
        select count()
        from {{ ops('lease') }} final
        where
            expires_at > {{ never() }}
            and written_at > (
                select max(written_at)
                from {{ ops('lease') }}
                where invocation_id = '{{ invocation_id }}'
            )
    {%- endset -%}
    {{ return(run_query(successors).rows[0][0] > 0) }}
{% endmacro %}


{#- The end of a claim that does not count: made in vain, or by a run that has a successor. -#}
{% macro never() -%}
    toDateTime64(0, 6, 'UTC')
{%- endmacro %}
