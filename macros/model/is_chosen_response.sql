{#-
    Condition on a problem's statement: the response was chosen from what the author wrote, by its kind
    of interaction or since the statement lists it. Any other was typed by the learner.
-#}
{% macro is_chosen_response() -%}
    (
        coalesce(interaction_type, '')
        in ('choice', 'true-false', 'likert', 'sequencing', 'matching')
        or coalesce(is_response_listed, false)
    )
{%- endmacro %}
