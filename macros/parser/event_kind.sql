{#-
    'family/event_type' of a statement from the var xapi_event_types, '' if no line fits. Lines with
    `when` count before those without. `features`, in order of precedence: what a `when` begins with,
    and the text that has to follow there, NULL where the statement has no such feature.
-#}
{% macro event_kind(verb_id, object_type, features) -%}
    {%- set lines = var('extra_xapi_event_types', []) + var('xapi_event_types') -%}
    {%- set verb = "coalesce(" ~ verb_id ~ ", '')" -%}
    {%- set type = "coalesce(" ~ object_type ~ ", '')" -%}
    {%- set keys = [] -%}
    {%- set kinds = [] -%}
    {%- for line in lines if line.get('when', '') == '' -%}
        {%- do keys.append(line.verb ~ ' ' ~ line.object_type) -%}
        {%- do kinds.append(line.family ~ '/' ~ line.event_type) -%}
    {%- endfor -%}
    multiIf(
        {%- for feature, text in features.items() -%}
            {%- for line in lines if (line.get('when', '') | string).startswith(feature) %}
        {{ verb }} = {{ text_literal(line.verb) }} and {{ type }} = {{ text_literal(line.object_type) }}
        and {{ text }} = {{ text_literal(line.when[feature | length:]) }},
        {{ text_literal(line.family ~ '/' ~ line.event_type) }},
            {%- endfor -%}
        {%- endfor %}
        transform(concat({{ verb }}, ' ', {{ type }}), {{ text_array(keys) }}, {{ text_array(kinds) }}, '')
    )
{%- endmacro %}
