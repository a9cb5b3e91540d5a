{#- The columns that every staging view of statements has. -#}
{% macro statement_columns() -%}
    -- ids
    event_id,
    org,
    course_key,
    course_run,
    actor_id,
    session_id,

    -- what was sent
    event_family,
    event_type,
    verb_id,
    object_type,
    transformer_version,

    -- times
    emission_time,
    loaded_at
{%- endmacro %}
