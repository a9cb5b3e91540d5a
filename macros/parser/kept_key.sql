{#- Regular expression of a key of Open edX in a text, percent-encoded or not, which is no address. -#}
{% macro kept_key() -%}
    {%- set letter -%} A-Za-z_\\x{C0}-\\x{1FFF} {%- endset -%}
    {%- set in_key -%} [{{ letter }}0-9.~%+-]* {%- endset -%}
    {%- set at_of_key -%} (?:@|%(?:25)*40) {%- endset -%}
    {%- set part -%} (?:[+]|%2B)(?:ccx|branch|version|type|block){{ at_of_key }}{{ in_key }} {%- endset -%}
    {%- set usage -%} type{{ at_of_key }}[a-zA-Z0-9_%+-]+block(?:{{ at_of_key }}{{ in_key }})? {%- endset -%}
    (?:[a-z-]+-v[0-9](?::|%3A){{ in_key }}(?:{{ part }})*|{{ in_key }}{{ usage }})
{%- endmacro %}
