{#-
    Hash of what a statement has in common with its twins: event type, verb, id of the object (of an
    address without scheme and host), result, enrolment mode and attempt number.
-#}
{% macro twin_hash() -%}
    cityHash64(
        event_type,
        coalesce(verb_id, ''),
        coalesce(replaceRegexpOne(raw_object_id, '(?i)^https?://[^/?#]*', ''), ''),
        {{ json_hash('result_text') }},
        coalesce(enrollment_mode, ''),
        coalesce({{ whole_number('attempt_number', least=1) }}, 0)
    )
{%- endmacro %}
