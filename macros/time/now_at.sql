{#- "Now": the newest readable statement not later than as_of, as the base model noted it. -#}
{% macro now_at() -%}
    {%- if is_unit_test() -%}
        {{ as_of() }}
    {%- else -%}
        (select argMax(now_at, written_at) from {{ ops('clock') }})
    {%- endif -%}
{%- endmacro %}
