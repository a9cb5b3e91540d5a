{#- Ranges of a character class: blanks that \s is not, of a web page or Chinese. -#}
{% macro wide_blanks() -%}
    \\x{A0}\\x{2000}-\\x{200A}\\x{202F}\\x{3000}
{%- endmacro %}
