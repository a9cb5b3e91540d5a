{#-
    What the LMS sends as mbox_sha1sum: the SHA-1 of an e-mail address that is decoded, without
    `mailto:`, as typed in case. NULL of an empty one.
-#}
{% macro address_sha1(address) -%}
    {%- set bare = "replaceRegexpOne(" ~ address ~ ", '^(?i)mailto:', '')" -%}
    if(notEmpty({{ bare }}), lower(hex(SHA1({{ bare }}))), null)
{%- endmacro %}
