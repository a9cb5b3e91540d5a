{#-
    What every run does last, failed or not: settle what it built, clear what only it needs, give the
    database back, and say in the log how it went. The claim is short before the rest is done, so that
    it is soon gone even where some of that fails.
-#}
{% macro end_run(results) %}
    {%- if execute and flags.WHICH in ('run', 'build') and oars.state() -%}
        {%- if oars.state().claimed -%}
            {%- do oars.claim() -%}
            {%- do oars.write_claim('now64(6) + interval 20 second') -%}
            {%- do oars.settle(results) -%}
            {%- do oars.clear_scratch() -%}
            {%- do oars.give_back() -%}
        {%- endif -%}
        {%- do oars.log_end(results) -%}
    {%- endif -%}
{% endmacro %}
