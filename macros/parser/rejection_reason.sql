{#-
    Why a statement cannot be used, '' if it can: the first that applies. The first line is the way
    that nearly all take; what follows is only evaluated for the others.
-#}
{% macro rejection_reason() -%}
    {%- set is_possible_time -%}
        emission_time >= toDateTime64('{{ var('site_starts_on', '2012-01-01') }} 00:00:00', 6, 'UTC')
        and emission_time < toDateTime64('2100-01-01 00:00:00', 6, 'UTC')
        and (isNull(stored_at) or emission_time <= addDays(assumeNotNull(stored_at), 1))
    {%- endset -%}
    {%- set is_same_id -%}
        coalesce(toUUIDOrNull(body_id) = event_id, isNull(nullIf(body_id, '')))
    {%- endset -%}
    {%- set is_group = "coalesce(actor_kind = 'Group', false)" -%}
    {%- set may_be_deep = "countSubstrings(body, '{') + countSubstrings(body, '[') > 512" -%}
    multiIf(
        isNotNull(verb_id)
        and (isNotNull(actor_id) or {{ is_group }})
        and (isNotNull(object_type) or isNotNull(raw_object_id))
        and {{ is_possible_time }}
        and {{ is_same_id }}
        and not {{ may_be_deep }}, '',
        is_forgotten, 'forgotten',
        not isValidUTF8(body), 'not_utf8',
        {{ may_be_deep }} and {{ nesting_depth('body') }} > 512, 'nested_too_deep',
        not isValidJSON(mended_body), 'not_json',
        JSONType(mended_body) != 'Object', 'not_an_object',
        isNull(verb_id), 'no_verb',
        JSONType(mended_body, 'object') != 'Object', 'no_object',
        isNull(actor_id) and not {{ is_group }}, 'no_actor',
        not ({{ is_possible_time }}), 'impossible_time',
        not ({{ is_same_id }}), 'id_differs',
        ''
    )
{%- endmacro %}
