{#-
    The measures of a course, a program or an organization, over one row a learner ever enrolled with
    is_enrolled, is_presumed, is_passed, course_grade_ratio, completion_ratio, risk_level,
    last_active_at.
-#}
{% macro learner_measures() -%}
    countIf(is_enrolled) as enrolled_count,
    count() as ever_enrolled_count,
    countIf(is_presumed) as unenrolled_active_count,
    countIf(last_active_date > today - 7) as active_learner_7d_count,
    countIf(last_active_date > today - 30) as active_learner_30d_count,
    countIf(is_passed) as passed_count,
    {{ oars.ratio('passed_count', 'ever_enrolled_count') }} as passed_ratio,
    countIf(is_enrolled and isNotNull(course_grade_ratio)) as graded_count,
    {{ oars.average_ratio('course_grade_ratio', 'is_enrolled') }} as avg_grade_ratio,
    if(
        graded_count > 0,
        round(quantileExactInclusiveIf(0.5)(course_grade_ratio, is_enrolled), 6),
        null
    ) as median_grade_ratio,
    {{ oars.average_ratio('completion_ratio', 'is_enrolled') }} as avg_completion_ratio,
    countIf(risk_level in ('watch', 'high')) as at_risk_count,
    countIf(risk_level = 'high') as high_risk_count,
    countIf(risk_level = 'gone') as gone_count
{%- endmacro %}
