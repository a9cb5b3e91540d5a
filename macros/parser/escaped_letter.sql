{#-
    Regular expression of what begins a character that JSON escapes in a word, whose last digits look as
    part of the word: no ASCII but + - . _, for a word that goes on behind other escapes would hide what
    begins there, as after an escaped &.
-#}
{% macro escaped_letter() -%}
    \\\\{1,4}u(?:00(?:2[bdeBDE]|5[fF]|[89a-fA-F])|0?[1-9a-fA-F])
{%- endmacro %}
