{#-
    Condition: `oars forget` has deleted this actor, or the user `user 7` of the LMS. Constant, and
    free, while nobody is forgotten.
-#}
{% macro is_forgotten(name) -%}
    {%- if oars.is_unit_test() -%}
        false
    {%- else -%}
        ((select count() > 0 from {{ oars.ops('forgotten') }})
        and lower(hex(SHA256(concat(
            assumeNotNull((select any(salt) from {{ oars.ops('salt') }})), coalesce({{ name }}, '')
        )))) in (select actor_hash from {{ oars.ops('forgotten') }}))
    {%- endif -%}
{%- endmacro %}
