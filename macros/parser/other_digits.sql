{#- Ranges of a character class: digits of other scripts, Arabic, Persian, Indian, Thai, full-width. -#}
{% macro other_digits() -%}
    \\x{660}-\\x{669}\\x{6F0}-\\x{6F9}\\x{966}-\\x{96F}\\x{9E6}-\\x{9EF}\\x{E50}-\\x{E59}\\x{FF10}-\\x{FF19}
{%- endmacro %}
