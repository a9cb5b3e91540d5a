{#- A ratio is between 0 and 1 and no nan, or absent. -#}
{% test in_unit_interval(model, column_name) %}

select {{ column_name }}
from {{ model }}
where isNotNull({{ column_name }}) and not ({{ column_name }} >= 0 and {{ column_name }} <= 1)

{% endtest %}
