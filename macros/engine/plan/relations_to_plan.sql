{#-
    The relations that can be planned at this point. A relation's roots have
    to be as they will be: if base is selected, and it rests on base, it is planned once that is done;
    if it rests on a seed or another table that is made in this run, once that is done, and else by itself
    before it is built (what_to_build).
-#}
{% macro relations_to_plan(base_is_done) %}
    {%- set found = [] -%}
    {%- for node in oars.planned_models() -%}
        {%- set roots = oars.all_roots_of(node.unique_id) -%}
        {%- set is_of_base = 'base' in roots and oars.base_id() in selected_resources -%}
        {%- if is_of_base == base_is_done and oars.is_ready(roots) -%}
            {%- do found.append(node) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{#- Whether no root is still to be made in this run. -#}
{% macro is_ready(roots) %}
    {%- for node in graph.nodes.values() if node.unique_id in selected_resources -%}
        {%- set name = ('seed.' if node.resource_type == 'seed' else 'table.') ~ node.name -%}
        {%- if name in roots and 'loaded ' ~ name not in oars.state().seen -%}
            {{ return(false) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(true) }}
{% endmacro %}
