{#-
    Regular expression of what follows the prefix of a key of Open edX, as course-v1: is: letters,
    digits and marks of any alphabet, and an @ only after the name of a part.
-#}
{% macro key_pattern() -%}
    {%- set mark -%} [\\pL\\pN_.~:%-] {%- endset -%}
    {{ mark }}(?:{{ mark }}|[+])*(?:[+](?:ccx|branch|version|type|block)@(?:{{ mark }}|[+])+)*
{%- endmacro %}
