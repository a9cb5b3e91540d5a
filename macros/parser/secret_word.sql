{#- Alternatives of a regular expression: what secrets are called. -#}
{% macro secret_word() -%}
    session_?id|token|passw(?:or)?d|secret|api[_-]?key|authorization
{%- endmacro %}
