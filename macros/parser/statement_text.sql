{#-
    The statement's JSON as text. A raw column of ClickHouse's type JSON has taken keys apart at
    their dots, so that of an extension https://w3id.org/x the key is now https://w3id, and org/x is
    a key in its value: the keys of the known vocabularies are put together again.
-#}
{% macro statement_text() -%}
    {%- set raw = source('xapi', 'xapi_events_all') -%}
    {%- set kinds = [] -%}
    {%- if execute and not is_unit_test() -%}
        {%- for column in adapter.get_columns_in_relation(raw) if column.name == 'event' -%}
            {%- do kinds.append(column.dtype) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set text = namespace(sql='toString(event)') -%}
    {%- if kinds and kinds[0].startswith('JSON') -%}
        {%- for parts in [
            ['https://w3id', 'org/'],
            ['http://id', 'tincanapi', 'com/'],
            ['http://www', 'tincanapi', 'co', 'uk/'],
        ] -%}
            {%- set head = parts[:-1] | join('":{"') | replace('/', '\\\\/') -%}
            {%- set tail = parts[-1] | replace('/', '\\\\/') -%}
            {%- set whole = parts | join('.') | replace('/', '\\\\/') -%}
            {%- set text.sql -%}
                replaceAll(
                    replaceRegexpAll(
                        {{ text.sql }},
                        '"{{ head | replace('\\\\', '\\\\\\\\') | replace('{', '[{]') }}":[{]([^{}]*){{ '[}]' * (parts | length - 1) }}',
                        '\\1'
                    ),
                    '"{{ tail }}',
                    '"{{ whole }}'
                )
            {%- endset -%}
        {%- endfor -%}
    {%- endif -%}
    {{ text.sql }}
{%- endmacro %}
