{#-
    A statement's score as a ratio: raw / max where both are sent, else scaled; cut to 0..1, to 6
    places, NULL of 0 possible points.
-#}
{% macro score_ratio() -%}
    round(greatest(0, least(1, if(
        isNotNull(score_raw) and isNotNull(score_max),
        if(score_max > 0, score_raw / score_max, null),
        score_scaled
    ))), 6)
{%- endmacro %}
