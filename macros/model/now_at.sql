{#- "Now": the newest readable statement not later than as_of, as the base model noted it. -#}
{% macro now_at() -%}
    {%- if oars.is_unit_test() -%}
        {{ oars.as_of() }}
    {%- else -%}
        (select argMax(now_at, written_at) from {{ oars.ops('clock') }})
    {%- endif -%}
{%- endmacro %}
