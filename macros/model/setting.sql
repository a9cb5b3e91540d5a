{#-
    A var of this package, also where a model or a test of another package calls the macro: what a run or
    a test noted at its start, and elsewhere, in unit tests too, what that package has, or the default.
-#}
{% macro setting(name, default) -%}
    {{ return(graph.get('oars_vars', {}).get(name, var(name, default))) }}
{%- endmacro %}
