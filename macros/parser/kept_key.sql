{#-
    Regular expression of a key of Open edX in a text, percent-encoded or not, which is no address: after
    a prefix, or from type@ on with what is before it. An encoded @ is only that of a part with a name.
-#}
{% macro kept_key() -%}
    {%- set encoded -%} (?i:%(?:25)*(?:2[de]|5f|7e|[89a-d][0-9a-f]|e[0-9a-d])) {%- endset -%}
    {%- set in_key -%} (?:[A-Za-z_\\x{C0}-\\x{1FFF}0-9.~-]|{{ encoded }})+ {%- endset -%}
    {%- set prefix -%} (?:(?:ccx-|lib-)?block|course|ccx|library|asset|def)-v1(?::|%(?:25)*3[aA]) {%- endset -%}
    {%- set plus -%} (?:[+]|%(?:25)*2[bB]) {%- endset -%}
    {%- set at_of_key -%} (?:@|%(?:25)*40) {%- endset -%}
    {%- set part -%} {{ plus }}(?:ccx|branch|version|type|block){{ at_of_key }}(?:{{ in_key }}|{{ plus }})* {%- endset -%}
    {%- set usage -%} type{{ at_of_key }}{{ in_key }}{{ plus }}block{{ at_of_key }}{{ in_key }} {%- endset -%}
    (?:(?:{{ prefix }}){1,2}{{ in_key }}(?:{{ plus }}{{ in_key }})+(?:{{ part }})*|(?:{{ in_key }}{{ plus }})*{{ usage }})
{%- endmacro %}
