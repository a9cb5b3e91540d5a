{#- Clause: of the raw table only the months that this run reads, see plan_months. -#}
{% macro reading_planned_months(raw) -%}
    {%- if execute -%}
        settings additional_table_filters = {
            '{{ raw.schema }}.{{ raw.identifier }}':
                'toYYYYMM(toTimeZone(emission_time, \'UTC\')) in (
                    select month from {{ ops('month_plan') }} where has_news
                )'
        }
    {%- endif -%}
{%- endmacro %}
