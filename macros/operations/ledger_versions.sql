{#- Select of the current version of each course in the named relations, those that have none left out. -#}
{% macro ledger_versions(relations) -%}
    select
        relation,
        course_key,
        argMax(version, written_at) as version
    from {{ ops('ledger') }}
    where relation in ({{ "'" ~ relations | join("', '") ~ "'" }})
    group by relation, course_key
    having version != 0
{%- endmacro %}
