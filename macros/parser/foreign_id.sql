{#-
    Id of an object that has no usage key, as an LTI player or an H5P content: as sent, without query,
    fragment, user part and a tail /answer or /hint/0; NULL of an empty one.
-#}
{% macro foreign_id(object_id) -%}
    {%- set own -%}
        replaceRegexpOne(
            replaceRegexpOne({{ object_id }}, '[?#](?s).*', ''),
            '^((?:[A-Za-z][A-Za-z0-9+.-]*:)?//)[^/]*@',
            '\\1'
        )
    {%- endset -%}
    nullIf(replaceRegexpOne({{ own }}, '/(?:answer|hint/[0-9]+)$', ''), '')
{%- endmacro %}
