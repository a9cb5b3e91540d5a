{#-
    Regular expression of what follows the prefix of a key of Open edX, as course-v1: is, of a block what
    is before +type@: two parts or more, then those with a name. The prefix may be there twice.
-#}
{% macro key_pattern() -%}
    (?:(?:course|ccx|library)-v1:)?{{ key_part(':') }}(?:[+]{{ key_part(':') }})+(?:[+](?:ccx|branch|version)@{{ key_part() }})*
{%- endmacro %}
