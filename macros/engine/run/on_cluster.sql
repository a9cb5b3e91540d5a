{#- What a `create` or `drop` says where the target names a cluster. -#}
{% macro on_cluster() -%}
    {%- if target.cluster %} on cluster '{{ target.cluster }}'{% endif -%}
{%- endmacro %}


{#- A table of the engine's own, as each server of the cluster has it. -#}
{% macro of_each_server(table) -%}
    {{ "clusterAllReplicas('" ~ target.cluster ~ "', " ~ table ~ ')' if target.cluster else table }}
{%- endmacro %}
