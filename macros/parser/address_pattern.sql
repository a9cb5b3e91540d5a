{#-
    Regular expression of an e-mail address in a plainly written text: what is before the @, the @,
    names between dots; with the name in quotes before it, or spelled out with blanks or hyphens.
    `never` are the characters that neither part has, `letter` those of words.
-#}
{% macro address_pattern(never, letter) -%}
    {%- set before -%} (?:"[^"\\n]+"|(?:[^{{ never }}]|\\\\{1,4}u[0-9a-fA-F]{4})+) {%- endset -%}
    {%- set name -%} (?:(?:[^{{ never }}.．。｡․﹒!\']|\\\\{1,4}u[0-9a-fA-F]{4})+|\\[(?i:ipv6:)?[0-9a-fA-F.:]+\\]) {%- endset -%}
    {%- set dot -%} [.．。｡․﹒] {%- endset -%}
    {%- set any_dot -%} (?:\\s*{{ dot }}\\s*|\\s+(?i:dot)\\s+) {%- endset -%}
    {%- set said_dot -%} (?:{{ dot }}|\\s+(?i:dot)\\s+) {%- endset -%}
    {%- set top -%} (?i:com|org|net|edu|gov|info|example|test|[a-z]{2}[.][a-z]{2})\\b {%- endset -%}
    (?:"[^"\\n]+"\\s*<)?(?:{{ before }}\\s+(?i:dot)\\s+){0,4}{{ before }}(?:
    {{- '@' }}{{ name }}(?:{{ said_dot }}{{ name }})*
    {{- '|' }}\\s*@\\s*(?:{{ name }}{{ any_dot }})+[{{ letter }}]{2,}
    {{- '|' }}\\s+(?i:at)\\s+{{ name }}(?:{{ said_dot }}{{ name }})*(?:\\s+(?i:dot)\\s+{{ name }}|{{ dot }}{{ top }})
    {{- '|' }}[-_](?i:at)[-_]{{ name }}[-_](?i:dot)[-_]{{ name }})
{%- endmacro %}
