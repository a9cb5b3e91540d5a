{#-
    A statement's score as a ratio: raw / max where both are sent, else scaled; cut to 0..1, to 6
    places, NULL of 0 possible points whatever is scaled. (`least` and `greatest` would pass over the
    NULL.)
-#}
{% macro score_ratio() -%}
    {%- set score -%}
        multiIf(
            score_max <= 0, null,
            isNotNull(score_raw) and isNotNull(score_max),
            {{ oars.ratio('score_raw', 'score_max') }},
            score_scaled
        )
    {%- endset -%}
    round(multiIf({{ score }} < 0, 0, {{ score }} > 1, 1, {{ score }}), 6)
{%- endmacro %}
