{#-
    What a run knows of itself: a mapping in memory that lives as long as the invocation, empty
    outside of runs.

    moment     the run's time as text, later than all that the bookkeeping tables hold: see written_at
    step       how many rows of the bookkeeping tables were written so far
    seen       name -> what was last seen of it: the text of a relation or view, the parts of a table
    noticed    the same, to be kept when the run ends
    columns    'database.table' -> list of [name, type]
    views      'database.view' -> hash of its text, as the engine keeps it
    inputs     unique_id of a model -> what it reads, see inputs_of
    plans      relation -> partition -> {'forced': courses, 'other': courses}, see plan_relations
    plan_of    relation -> the name of its plan in oars_ops.plan
    plan_count how many plans were made so far
    months     course -> the months in which it has a statement, see months_of_courses
    whole      relations of which every course is planned
    wanted     columns of a model, as its select and its contract have them, see columns_of_model
    unsettled  relations that stay unsettled: a relation that they read is behind, and not selected
    changed    root or relation -> courses that now have other content than before the run
    built      relations of which something was swapped in
    last_claim when another run last claimed the database, before this one looked at what there is
    claimed    when the run last claimed the database; none before it has something to write
    base       what the run does to base, see plan_months; none before it is known
-#}
{% macro state() %}
    {{ return(graph.get('oars_state') or {}) }}
{% endmacro %}


{#-
    Notes those vars of this package that macros need in models and tests of another, where `var` gives
    what that other one has: see setting.
-#}
{% macro note_vars() %}
    {%- do graph.update({'oars_vars': {
        'course_buckets': var('course_buckets'),
        'reporting_timezone': var('reporting_timezone'),
    }}) -%}
{% endmacro %}


{#- Loads what was seen last, and what there is: a few queries, however many relations. -#}
{% macro begin_state() %}
    {%- set state = {
        'step': 0, 'seen': {}, 'noticed': {}, 'columns': {}, 'views': {}, 'inputs': {}, 'plans': {},
        'plan_of': {}, 'plan_count': 0,
        'months': {}, 'whole': {}, 'wanted': {}, 'unsettled': {}, 'changed': {}, 'built': {},
        'last_claim': none if target.type == 'chdb' else oars.last_claim_of_another(),
        'claimed': none, 'base': none,
    } -%}
    {%- do graph.update({'oars_state': state}) -%}
    {%- do state.update({'moment': run_query(oars.next_moment()).rows[0][0]}) -%}
    {%- for row in run_query('select name, seen from ' ~ oars.ops('seen') ~ ' final').rows -%}
        {%- do state.seen.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {%- do oars.load_columns("database in ('" ~ oars.databases() | join("', '") ~ "')") -%}
    {%- do oars.load_views("database in ('" ~ oars.own_schemas() | join("', '") ~ "')") -%}
{% endmacro %}


{#- Columns of tables and views, in their order. -#}
{% macro load_columns(condition) %}
    {%- set tables -%}
        select
            concat(database, '.', table) as name,
            arrayStringConcat(groupArray(concat(column, '\t', type)), '\n') as columns
        from (
            select database, table, name as column, type
            from system.columns
            where {{ condition }}
            order by database, table, position
        )
        group by name
    {%- endset -%}
    {%- for row in run_query(tables).rows -%}
        {%- set columns = [] -%}
        {%- for column in row[1].split('\n') -%}
            {%- do columns.append(column.split('\t')) -%}
        {%- endfor -%}
        {%- do oars.state().columns.update({row[0]: columns}) -%}
    {%- endfor -%}
{% endmacro %}


{#- Texts of views, as hashes. -#}
{% macro load_views(condition) %}
    {%- set views -%}
        select concat(database, '.', name), toString(cityHash64(as_select))
        from system.tables
        where {{ condition }} and engine = 'View'
    {%- endset -%}
    {%- for row in run_query(views).rows -%}
        {%- do oars.state().views.update({row[0]: row[1]}) -%}
    {%- endfor -%}
{% endmacro %}


{#- What is known of a relation once it was made or made anew. -#}
{% macro learn_relation(relation) %}
    {%- set is_this -%}
        database = '{{ relation.schema }}' and {name} = '{{ relation.identifier }}'
    {%- endset -%}
    {%- do oars.load_columns(is_this.replace('{name}', 'table')) -%}
    {%- do oars.load_views(is_this.replace('{name}', 'name')) -%}
{% endmacro %}


{#- Notes what was seen, to be kept when the run ends. -#}
{% macro notice(name, seen) %}
    {%- do oars.state().seen.update({name: seen}) -%}
    {%- do oars.state().noticed.update({name: seen}) -%}
{% endmacro %}


{#- Of a relation the key that `columns` and `views` have. -#}
{% macro key_of(relation) %}
    {{ return(relation.schema ~ '.' ~ relation.identifier) }}
{% endmacro %}
