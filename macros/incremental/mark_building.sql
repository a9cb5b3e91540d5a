{#-
    Writes to the ledger that a relation is being changed, under the key '*', which all that read it
    look at: whatever is built before its own post-hook has taken the mark back is built again.
-#}
{% macro mark_building(relation) %}
    {%- do run_query(
        'insert into ' ~ ops('ledger') ~ ' (relation, course_key, version, invocation_id) select '
        ~ "'" ~ relation ~ "', '*', cityHash64('building', '" ~ invocation_id ~ "'), '"
        ~ invocation_id ~ "'"
    ) -%}
{% endmacro %}
