{#-
    Regular expression of an e-mail address in a plainly written text: what is before the @, the @,
    names between dots; with the name in quotes before it, or spelled out with blanks or marks.
    Before the @ a sign may stand that else parts texts, after a word without dots, which is no host.
    `never` are the characters that neither part has, `letter` those of words.
-#}
{% macro address_pattern(never, letter) -%}
    {%- set before -%} (?:"[^"\\n]+"|(?:[^{{ never }}]|{{ escaped_letter() }})+) {%- endset -%}
    {%- set parted -%} (?:{{ before }}|[^{{ never }}.]+[/&?#]{{ before }}?) {%- endset -%}
    {%- set blank -%} (?:[\\s+]|{{ encoded_blank() }}) {%- endset -%}
    {%- set name -%} (?:(?:[^{{ never }}.．。｡․﹒!\']|{{ escaped_letter() }})+|\\[(?i:ipv6:)?[0-9a-fA-F.:]+\\]) {%- endset -%}
    {%- set dot -%} [.．。｡․﹒] {%- endset -%}
    {%- set any_dot -%} (?:\\s*{{ dot }}\\s*|{{ blank }}+(?i:dot){{ blank }}+) {%- endset -%}
    {%- set said_dot -%} (?:{{ dot }}|{{ blank }}+(?i:dot){{ blank }}+) {%- endset -%}
    {%- set top -%} {{ top_level_domain() }} {%- endset -%}
    {#- A time has no letter: "at 10.am". -#}
    {%- set label -%} [^{{ never }}.．。｡․﹒!\']*[{{ letter }}][^{{ never }}.．。｡․﹒!\']* {%- endset -%}
    {%- set mark -%} \\s?[-_*|]{1,2} {%- endset -%}
    {%- set mark_after -%} [-_*|]{1,2}\\s? {%- endset -%}
    (?:"[^"\\n]+"\\s*<)?(?:{{ before }}{{ blank }}+(?i:dot){{ blank }}+){0,4}(?:{{ parted }}@{{ name }}(?:{{ said_dot }}{{ name }})*|{{ before }}(?:
    {{- '' }}\\s*@\\s*(?:{{ name }}{{ any_dot }})+[{{ letter }}]{2,}
    {{- '|' }}{{ blank }}+(?i:at){{ blank }}+(?:{{ name }}{{ said_dot }})*(?:{{ name }}{{ blank }}+(?i:dot){{ blank }}+{{ name }}|{{ label }}{{ dot }}{{ top }}|{{ name }}{{ dot }}(?i:com|net|org)\\b)
    {{- '|' }}{{ mark }}(?i:at){{ mark_after }}(?:{{ name }}{{ mark }}(?i:dot){{ mark_after }})*(?:{{ name }}{{ mark }}(?i:dot){{ mark_after }}{{ name }}|{{ label }}{{ dot }}{{ top }})))
{%- endmacro %}
