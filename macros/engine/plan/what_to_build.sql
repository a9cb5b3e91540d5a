{#-
    Decides, before a relation is built, what of it is: of the planned courses those that are forced
    and those of which a direct input has changed in this run. What other courses hold is what they
    would hold again; they are settled without being built.

    A new text forces every course, and all that reads the relation is planned whole. Returns
    `partitions`, a mapping to lists of courses, empty where nothing is to be done, and `is_whole`:
    the table itself is made anew, because it is missing or laid out otherwise, or was asked for.
-#}
{% macro what_to_build(sql, existing) %}
    {%- set state = oars.state() -%}
    {%- set node = graph.nodes[model.unique_id] -%}
    {%- set text = oars.text_of_model(sql) -%}
    {%- set layout = oars.layout_of_model() -%}
    {%- set is_new_text = state.seen.get('text of ' ~ model.name) != text -%}
    {%- set is_whole = existing is none or should_full_refresh()
        or state.seen.get('layout of ' ~ model.name) != layout -%}
    {%- if is_new_text and not is_whole -%}
        {%- set is_whole = oars.columns_of_model(sql) != state.columns.get(oars.key_of(this)) -%}
    {%- endif -%}
    {%- if is_new_text or is_whole -%}
        {%- do oars.plan_whole(node) -%}
    {%- elif model.name not in state.plans -%}
        {%- do oars.plan_relations([node]) -%}
    {%- endif -%}
    {%- if oars.stands_on_what_is_behind() -%}
        {%- do state.unsettled.update({model.name: true}) -%}
    {%- endif -%}
    {%- do oars.notice('text of ' ~ model.name, text) if is_new_text -%}
    {%- do oars.notice('layout of ' ~ model.name, layout) if is_whole -%}

    {%- set is_forced = is_new_text or is_whole or model.name in state.unsettled -%}
    {%- set changed = oars.changed_inputs() -%}
    {%- set partitions = {} -%}
    {%- for partition, courses in state.plans[model.name].items() -%}
        {%- set others = courses.other if is_forced or '*' in changed
            else courses.other | select('in', changed) | list -%}
        {%- set building = courses.forced + others -%}
        {%- do partitions.update({partition: building}) if building -%}
    {%- endfor -%}
    {{ return({'partitions': partitions, 'is_whole': is_whole}) }}
{% endmacro %}


{#-
    Plans all courses of a relation, and of all that rest on it, which from now on are unsettled: the
    relation is about to give other answers for reasons that no root knows.
-#}
{% macro plan_whole(node) %}
    {%- set state = oars.state() -%}
    {%- set planned = [] -%}
    {%- set later = [] -%}
    {%- for other in oars.planned_models()
        if other.unique_id == node.unique_id or node.unique_id in oars.ancestors_of(other.unique_id) -%}
        {%- if other.name not in state.whole -%}
            {%- do state.whole.update({other.name: true}) -%}
            {%- if other.unique_id == node.unique_id
                or (other.name in state.plans and other.unique_id in selected_resources) -%}
                {%- do planned.append(other) -%}
            {%- else -%}
                {%- do later.append(other.name) -%}
            {%- endif -%}
        {%- elif other.unique_id == node.unique_id and other.name not in state.plans -%}
            {%- do planned.append(other) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do oars.plan_relations(planned) -%}
    {%- if later -%}
        {%- do oars.claim() -%}
        {%- do oars.unsettle(
            'select relation, course_key from ' ~ oars.ops('ledger') ~ ' final where relation in '
            ~ oars.text_array(later) ~ ' and version != 0'
        ) -%}
    {%- endif -%}
{% endmacro %}


{#- Whether a relation that the model rests on is behind, and is not selected in this run. -#}
{% macro stands_on_what_is_behind() %}
    {%- for ancestor in oars.ancestors_of(model.unique_id) -%}
        {%- if ancestor not in selected_resources
            and oars.state().plans.get(graph.nodes[ancestor].name) -%}
            {{ return(true) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(false) }}
{% endmacro %}


{#-
    Courses of which a direct input has other content since this run, as the keys of a mapping; '*' if
    it is all: where an input has no course, or the relation that is being built has none.
-#}
{% macro changed_inputs() %}
    {%- set inputs = oars.inputs_of(model.unique_id) -%}
    {%- set known = oars.state().changed -%}
    {%- set found = {} -%}
    {%- for root in inputs.roots -%}
        {%- do found.update(known.get(root, {})) -%}
    {%- endfor -%}
    {%- for unique_id in inputs.models -%}
        {%- do found.update(known.get(graph.nodes[unique_id].name, {})) -%}
    {%- endfor -%}
    {%- do found.update({'*': true}) if found and model.config.meta.scope == 'instance' -%}
    {{ return(found) }}
{% endmacro %}


{#-
    Columns that the table of the model that is being built is to have: [name, type], in the order of
    the contract where there is one, and then checked against it. One question serves both.
-#}
{% macro columns_of_model(sql) %}
    {%- set known = oars.state().wanted -%}
    {%- if model.name not in known -%}
        {%- set types = {} -%}
        {%- for row in run_query(
            'describe (' ~ sql ~ ') ' ~ adapter.get_model_query_settings(model)
        ).rows -%}
            {%- do types.update({row[0]: row[1]}) -%}
        {%- endfor -%}
        {%- if config.get('contract').enforced -%}
            {%- do oars.check_contract(types) -%}
        {%- endif -%}
        {%- set names = oars.contract_of(model) if config.get('contract').enforced else types -%}
        {%- set columns = [] -%}
        {%- for name in names -%}
            {%- do columns.append([name, types[name]]) -%}
        {%- endfor -%}
        {%- do known.update({model.name: columns}) -%}
    {%- endif -%}
    {{ return(known[model.name]) }}
{% endmacro %}


{#- Stops with dbt's own table of differences unless the types are those of the contract. -#}
{% macro check_contract(types) %}
    {%- set contract = oars.contract_of(model) -%}
    {%- if types != contract -%}
        {%- set promised = [] -%}
        {%- set found = [] -%}
        {%- for name, data_type in contract.items() -%}
            {%- do promised.append({'name': name, 'data_type': data_type}) -%}
        {%- endfor -%}
        {%- for name, data_type in types.items() -%}
            {%- do found.append({'name': name, 'data_type': data_type}) -%}
        {%- endfor -%}
        {%- do exceptions.raise_contract_error(promised, found) -%}
    {%- endif -%}
{% endmacro %}


{#- Columns that a model promises, name -> type; base also those that a site reads besides. -#}
{% macro contract_of(node) %}
    {%- set types = {} -%}
    {%- for name, column in node.columns.items() -%}
        {%- do types.update({name: column.data_type}) -%}
    {%- endfor -%}
    {%- if node.unique_id == oars.base_id() -%}
        {%- for column in oars.extra_columns() -%}
            {%- do types.update({column.name: column.data_type}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(types) }}
{% endmacro %}
