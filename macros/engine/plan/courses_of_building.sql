{#-
    Subselect of the courses that the model builds. As build_relation knows the text, it can put a list
    in its place.
-#}
{% macro courses_of_building() -%}
    {{ return(
        '(select building.course_key from ' ~ oars.ops('building')
        ~ " as building where building.relation = '" ~ model.name ~ "')"
    ) }}
{%- endmacro %}


{#- Subselect of the months in which they have a statement. -#}
{% macro months_of_building() -%}
    {{ return(
        '(select course_months.month from ' ~ oars.ops('course_months')
        ~ ' as course_months where course_months.course_key in ' ~ oars.courses_of_building() ~ ')'
    ) }}
{%- endmacro %}
