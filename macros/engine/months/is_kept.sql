{#-
    Condition on rows of base: raw has let go of their whole month, and the site keeps such months
    (the var keep_months). Base is then their record; what arrives later in that month is not kept.
-#}
{% macro is_kept() -%}
    {%- if var('keep_months') -%}
        loaded_at < (
            select mapFromArrays(groupArray(month), groupArray(kept_at))
            from {{ oars.ops('kept_months') }} final
        )[toYYYYMM(emission_time)]
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}
