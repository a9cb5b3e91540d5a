{#- Regular expression of an @, however it is written. -#}
{% macro at_sign() -%}
    (?:[@＠﹫]|%(?:25)*40|%EF%BC%A0|%EF%B9%AB|\\\\u(?:0040|[fF][fF]20|[fF][eE]6[bB])|&#0*64;|&#[xX]0*40;|&commat;)
{%- endmacro %}
