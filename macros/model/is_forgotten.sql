{#-
    Condition: `oars forget` has deleted this actor. Constant, and free, while nobody is forgotten.
-#}
{% macro is_forgotten(actor_id) -%}
    {%- if oars.is_unit_test() -%}
        false
    {%- else -%}
        ((select count() > 0 from {{ oars.ops('forgotten') }})
        and lower(hex(SHA256(concat(
            assumeNotNull((select any(salt) from {{ oars.ops('salt') }})), coalesce({{ actor_id }}, '')
        )))) in (select actor_hash from {{ oars.ops('forgotten') }}))
    {%- endif -%}
{%- endmacro %}
