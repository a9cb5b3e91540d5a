{#-
    Text in which each @, however it is written or spelled out, is an @, and each encoded or bracketed
    dot a dot: encoded for a URL, for HTML, in JSON, in brackets, between tags.
-#}
{% macro plainly_written(text) -%}
    {%- set open -%} \\s*(?:[\\[({<«（［【]|&lt;){1,2}\\s* {%- endset -%}
    {%- set shut -%} \\s*(?:[\\])}>»）］】]|&gt;){1,2}\\s* {%- endset -%}
    {%- set tags -%} (?:<[^<>]*>|{{ encoded_blank() }})* {%- endset -%}
    {%- set dot -%} %(?:25)*2[eE]|\\\\{1,4}(?:u002|x2)[eE]|&(?:amp;)*(?:#0*46;?|#[xX]0*2[eE];?|period;) {%- endset -%}
    replaceRegexpAll(
        replaceRegexpAll(
            {{ text }},
            '{{ open }}(?i:at|{{ at_sign() }}){{ shut }}|{{ tags }}{{ at_sign() }}{{ tags }}',
            '@'
        ),
        '{{ dot }}|{{ open }}(?i:dot|[.]){{ shut }}',
        '.'
    )
{%- endmacro %}
