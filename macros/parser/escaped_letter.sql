{#-
    Regular expression of a character that JSON escapes in a word: no ASCII but + - . _, for a word that
    goes on behind other escapes would hide what begins there, as after an escaped &.
-#}
{% macro escaped_letter() -%}
    {%- set hex -%} [0-9a-fA-F] {%- endset -%}
    \\\\{1,4}u(?:00(?:[89a-fA-F]{{ hex }}|2[bdeBDE]|5[fF])|0[1-9a-fA-F]{{ hex }}{2}|[1-9a-fA-F]{{ hex }}{3})
{%- endmacro %}
