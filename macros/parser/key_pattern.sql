{#-
    Regular expression of what follows the prefix of a key of Open edX, as course-v1: is: two parts or
    more, then those with a name, as block@ is. The prefix may be there twice; a block's id may have a :.
-#}
{% macro key_pattern() -%}
    (?:(?:course|ccx|library)-v1:)?{{ key_part() }}(?:[+]{{ key_part() }})+
    {{- '' }}(?:[+](?:ccx|branch|version|type)@{{ key_part() }})*(?:[+]block@[\\pL\\pN_.~:-]+)?
{%- endmacro %}
