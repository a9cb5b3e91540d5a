{#-
    What learners and senders wrote, and what base has instead of it once its month is aged: column ->
    expression. Of responses those that were chosen stay, for the author wrote them; names stay where
    they are those of what an author made.
-#}
{% macro emptied_texts(is_aged) %}
    {%- set is_typed = is_aged ~ ' and isNotNull(response) and not ' ~ oars.is_chosen_response() -%}
    {%- set is_sent = is_aged ~ " and event_family in ('forum', 'unclassified', 'malformed')" -%}
    {{ return({
        'response': 'if(' ~ is_typed ~ ", '***', response)",
        'response_choices': 'if(' ~ is_typed ~ ', [], response_choices)',
        'object_name': 'toLowCardinality(if('
            ~ is_sent ~ " and isNotNull(object_name), '***', object_name))",
        'object_description': 'toLowCardinality(if('
            ~ is_sent ~ " and isNotNull(object_description), '***', object_description))",
        'statement_excerpt': 'if('
            ~ is_aged ~ " and isNotNull(statement_excerpt), '***', statement_excerpt)",
    }) }}
{% endmacro %}


{#- Condition on statements of base: the run found their month to be aged, see changed_months. -#}
{% macro is_aged() -%}
    toYYYYMM(emission_time) in (
        select aged.month from {{ oars.ops('month_plan') }} as aged where aged.is_aged
    )
{%- endmacro %}


{#-
    Empties the texts of months that are aged and have left raw. Any other month is read again when it
    ages, since its rows then are of another version.
-#}
{% macro empty_kept_months(base) %}
    {%- set texts = oars.emptied_texts('true') -%}
    {%- set holds_texts -%}
        {{ oars.is_kept() }}
        and cityHash64(tuple({{ texts.keys() | join(', ') }}))
        != cityHash64(tuple({{ texts.values() | join(', ') }}))
    {%- endset -%}
    {%- set months = run_query(
        'select distinct toYYYYMM(emission_time) as month from ' ~ base
        ~ ' where ' ~ oars.is_aged() ~ ' and ' ~ holds_texts ~ ' order by month'
    ).rows | map(attribute=0) | list -%}
    {%- do oars.mark_base() if months -%}
    {%- for month in months -%}
        {%- set update -%}
            alter table {{ base }}
            update
                {%- for column, text in texts.items() %}
                {{ column }} = {{ text }},
                {%- endfor %}
                parser_version = parser_version + 1
            in partition {{ month }}
            where {{ holds_texts }}
            settings mutations_sync = 2
        {%- endset -%}
        {%- do log('Free texts of ' ~ month ~ ' are emptied.', info=true) -%}
        {%- do run_query(update) -%}
    {%- endfor -%}
{% endmacro %}
