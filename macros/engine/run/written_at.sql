{#-
    Time of a row of the bookkeeping tables. The row that was written last counts, so the time has to
    be later than that of every row there is, also where a clock was set back or another replica's
    clock is ahead: it is the run's moment and as many microseconds as the run has written rows.
-#}
{% macro written_at() -%}
    {%- do oars.state().update({'step': oars.state().step + 1}) -%}
    {{ oars.run_moment() }} + interval {{ oars.state().step }} microsecond
{%- endmacro %}


{#- The run's moment: the server's time, or just after what was written last if that is later. -#}
{% macro run_moment() -%}
    {%- if oars.state().get('moment') -%}
        toDateTime64('{{ oars.state().moment }}', 6, 'UTC')
    {%- else -%}
        now64(6, 'UTC')
    {%- endif -%}
{%- endmacro %}


{#- Select of the next run's moment. A run takes less than a minute of rows: a million a second. -#}
{% macro next_moment() %}
    {%- set written = [] -%}
    {%- for table in oars.ops_tables() if 'written_at' in oars.ops_tables()[table].columns -%}
        {%- do written.append('select max(written_at) as written_at from ' ~ oars.ops(table)) -%}
    {%- endfor -%}
    {{ return(
        "select toString(greatest(now64(6, 'UTC'), max(written_at) + interval 1 second)) from ("
        ~ written | join(' union all ') ~ ')'
    ) }}
{% endmacro %}
