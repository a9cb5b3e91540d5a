{#-
    At the end of the run: what was planned of a relation and is built, or did not have to be, has the
    planned version. It comes from the plan: computed now it could claim what the build did not
    read. What fails, is skipped, or stands on something that is behind, stays unsettled.
-#}
{% macro settle(results) %}
    {%- set state = oars.state() -%}
    {%- set done = [] -%}
    {%- set failed = [] -%}
    {%- for result in results if result.node.resource_type == 'model' -%}
        {%- if result.status != 'success' -%}
            {%- do failed.append(result.node.name) -%}
        {%- elif result.node.name in state.plans and result.node.name not in state.unsettled -%}
            {%- do done.append(result.node.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if done -%}
        {%- do oars.write_versions(oars.planned_versions(done), is_last=true) -%}
    {%- endif -%}
    {%- set rows = [] -%}
    {%- for name, seen in state.noticed.items() if name.split(' ')[-1] not in failed -%}
        {%- do rows.append("('" ~ name ~ "', '" ~ seen ~ "', " ~ oars.written_at() ~ ')') -%}
    {%- endfor -%}
    {%- if rows -%}
        {%- do run_query(
            'insert into ' ~ oars.ops('seen') ~ ' (name, seen, written_at) values ' ~ rows | join(', ')
        ) -%}
    {%- endif -%}
{% endmacro %}
