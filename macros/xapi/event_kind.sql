{#-
    'family/event_type' of a statement from the var xapi_event_types, '' if it is not listed.
    `features` is an array of what the lines' `when` can ask for, in order of precedence.
-#}
{% macro event_kind(verb_id, object_type, features) -%}
    {%- set keys = [] -%}
    {%- set kinds = [] -%}
    {%- for line in var('extra_xapi_event_types', []) + var('xapi_event_types') -%}
        {%- do keys.append(line.verb ~ ' ' ~ line.object_type ~ ' ' ~ line.get('when', '')) -%}
        {%- do kinds.append(line.family ~ '/' ~ line.event_type) -%}
    {%- endfor -%}
    arrayFirst(
        kind -> kind != '',
        arrayMap(
            feature -> transform(
                concat(coalesce({{ verb_id }}, ''), ' ', coalesce({{ object_type }}, ''), ' ', feature),
                {{ text_array(keys) }},
                {{ text_array(kinds) }},
                ''
            ),
            arrayConcat({{ features }}, [''])
        )
    )
{%- endmacro %}
