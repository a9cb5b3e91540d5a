{#-
    Claims the database for this run, before the first thing that it writes; from then on the claim
    is renewed by time, not by statement: a claim lasts three minutes, and is renewed when half a
    minute is over. A run that was halted for longer finds that another has claimed the database
    since, and stops. Two runs at once would plan on each other's half-built courses.

    It looks for the claim of another, claims the database and looks again, so of two that start
    together at least one sees the other; what it claimed in vain it takes back, also where another
    was at work since this run looked at what there is. On the embedded engine only one process has
    the data folder, so nothing has to be claimed.
-#}
{% macro claim() %}
    {%- set now = modules.datetime.datetime.now() -%}
    {%- set claimed = oars.state().claimed -%}
    {%- if claimed is none -%}
        {%- if target.type != 'chdb' -%}
            {%- do oars.refuse_beside_another_run() -%}
            {%- do oars.write_claim() -%}
            {%- set other = oars.another_run() -%}
            {#- Unless another thread has claimed it meanwhile. -#}
            {%- do oars.write_claim(oars.never()) if other and oars.state().claimed is none -%}
            {%- do oars.refuse_beside(other) -%}
            {%- if oars.has_successor() -%}
                {%- do oars.write_claim(oars.never()) -%}
                {%- do oars.log_start('busy') -%}
                {%- do exceptions.raise_compiler_error(
                    'Another run was at work on this database since this one began: the next run '
                    ~ 'does what is left.'
                ) -%}
            {%- endif -%}
        {%- endif -%}
        {%- do oars.state().update({'claimed': now}) -%}
    {%- elif target.type != 'chdb' and (now - claimed).total_seconds() | abs > 30 -%}
        {%- if oars.has_successor() -%}
            {%- do exceptions.raise_compiler_error(
                'This run was halted for longer than its claim and another has taken over: the '
                ~ 'next run finishes what is left.'
            ) -%}
        {%- endif -%}
        {%- do oars.write_claim() -%}
        {%- do oars.state().update({'claimed': now}) -%}
    {%- endif -%}
{% endmacro %}


{#- Writes the run's claim: for three minutes, or until the given time. -#}
{% macro write_claim(until='now64(6) + interval 3 minute') %}
    {%- if target.type != 'chdb' -%}
        {%- do run_query(
            'insert into ' ~ oars.ops('lease') ~ " (invocation_id, expires_at, written_at) select '"
            ~ invocation_id ~ "', " ~ until ~ ', ' ~ oars.after_other_claims()
        ) -%}
    {%- endif -%}
{% endmacro %}


{#- Claims are compared with each other only: a claim is later than all that it follows. -#}
{% macro after_other_claims() -%}
    (
        select greatest(now64(6, 'UTC'), max(written_at) + interval 1 microsecond)
        from {{ oars.ops('lease') }}
    )
{%- endmacro %}


{#- Gives the database back. -#}
{% macro give_back() %}
    {%- do oars.write_claim('now64(6)') -%}
{% endmacro %}


{#- The end of a claim that was made in vain, and counts as if it had never been. -#}
{% macro never() -%}
    toDateTime64(0, 6, 'UTC')
{%- endmacro %}


{#- Stops with one sentence where another run is at work; the log then has a run that was `busy`. -#}
{% macro refuse_beside_another_run() %}
    {%- if target.type != 'chdb' -%}
        {%- do oars.refuse_beside(oars.another_run()) -%}
    {%- endif -%}
{% endmacro %}


{#- See refuse_beside_another_run; `other` is until when the other has claimed the database. -#}
{% macro refuse_beside(other) %}
    {%- if other -%}
        {%- do oars.log_start('busy') if oars.state() -%}
        {%- do exceptions.raise_compiler_error(
            'Another run is at work on this database: wait until it has ended, or, if it was '
            ~ 'killed, until its claim expires at ' ~ other ~ ' UTC (`oars unlock` removes it).'
        ) -%}
    {%- endif -%}
{% endmacro %}


{#-
    Until when another run has claimed the database; none where none has. A claim counts while it
    lasts, and then as long as a statement of its run is being executed: one relation may take
    longer than a claim. None lasts longer than three minutes, whatever a clock says.
-#}
{% macro another_run() %}
    {%- set others -%}
        select formatDateTime(max(expires_at), '%F %T', 'UTC')
        from {{ oars.ops('lease') }} final
        where
            invocation_id != '{{ invocation_id }}'
            and (
                (expires_at > now64(6) and expires_at <= now64(6) + interval 3 minute)
                or invocation_id in (
                    select extract(query, 'oars run ([0-9a-f-]{36})')
                    from {{ oars.of_each_server('system.processes') }}
                )
            )
        having count() > 0
    {%- endset -%}
    {{ return(run_query(others).rows | map(attribute=0) | first) }}
{% endmacro %}


{#- Comment in a long statement, by which another run sees that this one is at work. -#}
{% macro mark() -%}
    /* oars run {{ invocation_id }} */
{%- endmacro %}


{#- When another run last claimed the database, or gave it back, as text. -#}
{% macro last_claim_of_another() -%}
    {{ return(run_query(
        'select toString(max(written_at)) from ' ~ oars.ops('lease') ~ " final where invocation_id != '"
        ~ invocation_id ~ "' and expires_at > " ~ oars.never()
    ).rows[0][0]) }}
{%- endmacro %}


{#- Whether another run has claimed the database since this one began. -#}
{% macro has_successor() %}
    {{ return(oars.last_claim_of_another() > oars.state().last_claim) }}
{% endmacro %}
