{#-
    A var of this package, also where a model of another package calls the macro: a run knows the
    vars of this package, elsewhere the default counts.
-#}
{% macro setting(name, default) -%}
    {{ return(oars.state().get('vars', {}).get(name, var(name, default))) }}
{%- endmacro %}
