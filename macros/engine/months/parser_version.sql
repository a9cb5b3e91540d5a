{#-
    Digest of the view that parses statements, as the engine keeps it: it holds everything that
    decides how a statement is read, the list of event types too, and no white space or comments. Where
    a month is aged, and its texts are emptied, it is the next number.
-#}
{% macro parser_version(is_aged) -%}
    {%- set parser = ref('oars', 'base_xapi__parsed_statements') -%}
    assumeNotNull((
        select cityHash64(tables.as_select)
        from system.tables as tables
        where tables.database = '{{ parser.schema }}' and tables.name = '{{ parser.identifier }}'
    )) + toUInt64({{ is_aged }})
{%- endmacro %}
