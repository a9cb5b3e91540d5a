{#-
    Condition: `oars forget` has deleted this actor. Constant, and free, while nobody is forgotten.
-#}
{% macro is_forgotten(actor_id) -%}
    {%- if is_unit_test() -%}
        false
    {%- else -%}
        ((select count() > 0 from {{ ops('forgotten') }})
        and lower(hex(SHA256(concat(
            assumeNotNull((select any(salt) from {{ ops('salt') }})), coalesce({{ actor_id }}, '')
        )))) in (select actor_hash from {{ ops('forgotten') }}))
    {%- endif -%}
{%- endmacro %}
