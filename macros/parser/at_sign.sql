{#- Regular expression of an @, however it is written. -#}
{% macro at_sign() -%}
    (?:[@＠﹫]|%u0040|%(?:25)*40|%(?:25)*EF%(?:25)*B(?:C%(?:25)*A0|9%(?:25)*AB)|\\\\{1,4}(?:u(?:0040|[fF][fF]20|[fF][eE]6[bB])|x40)|&(?:amp;)*(?:#0*(?:64|65312|65131);?|#[xX]0*(?:40|[fF]{2}20|[fF][eE]6[bB]);?|commat;))
{%- endmacro %}
