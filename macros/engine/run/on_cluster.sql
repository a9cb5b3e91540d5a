{#- What a `create` or `drop` says where the target names a cluster. -#}
{% macro on_cluster() -%}
    {%- if target.cluster %} on cluster '{{ target.cluster }}'{% endif -%}
{%- endmacro %}
