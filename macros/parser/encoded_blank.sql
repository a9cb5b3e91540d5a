{#- Regular expression of a blank that is encoded for a URL or for HTML. -#}
{% macro encoded_blank() -%}
    (?:%(?:25)*(?:20|09|0[aAdD])|&(?:amp;)*(?:nbsp;?|#0*(?:9|32|160);?|#[xX]0*(?:9|20|[aA]0);?))
{%- endmacro %}
