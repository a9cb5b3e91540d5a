{#-
    Regular expression of an e-mail address in a plainly written text: what is before the @, the @,
    names between dots; with the name in quotes before it, or spelled out with blanks or marks.
    Before the @ a sign may stand that else parts texts, after a word without dots, which is no host;
    no slash, for in a path the part before it is no one's.
    `never` are the characters that neither part has, `letter` those of words.
-#}
{% macro address_pattern(never, letter) -%}
    {#- It ends at a full stop of Chinese: a long text of such is looked at once, not from each word. -#}
    {%- set before -%} (?:"[^"\\n]+"|(?:[^{{ never }}。．]|{{ escaped_letter() }})+) {%- endset -%}
    {%- set name -%} (?:(?:[^{{ never }}.．。｡․﹒!\']|{{ escaped_letter() }})+|\\[(?i:ipv6:)?[0-9a-fA-F.:]+\\]) {%- endset -%}
    {#- A time has no letter: "at 10.am". -#}
    {%- set label -%} [^{{ never }}.．。｡․﹒!\']*[{{ letter }}][^{{ never }}.．。｡․﹒!\']* {%- endset -%}
    {%- set dot -%} [.．。｡․﹒] {%- endset -%}
    {%- set blanks -%} (?:[\\s{{ wide_blanks() }}+]|{{ encoded_blank() }})+ {%- endset -%}
    {%- set open -%} (?:{{ blanks }}|\\s?[-_*|]{1,2}) {%- endset -%}
    {%- set shut -%} (?:{{ blanks }}|[-_*|]{1,2}\\s?) {%- endset -%}
    {%- set said_dot -%} (?:{{ dot }}|{{ open }}(?i:dot){{ shut }}) {%- endset -%}
    (?:"[^"\\n]+"\\s*<)?(?:{{ before }}{{ blanks }}(?i:dot){{ blanks }}){0,3}(?:
    {{- '' }}(?:{{ before }}|[^{{ never }}.。．]+[&?#]{{ before }}?)@{{ name }}(?:{{ said_dot }}{{ name }})*
    {{- '|' }}{{ before }}(?:\\s*@\\s*(?:{{ name }}(?:\\s*{{ dot }}\\s*|{{ blanks }}(?i:dot){{ blanks }}))+[{{ letter }}]{2,}
    {{- '|' }}{{ open }}(?i:at){{ shut }}(?:{{ name }}{{ said_dot }}){0,4}
    {{- '' }}(?:{{ name }}{{ open }}(?i:dot){{ shut }}{{ name }}|{{ label }}{{ dot }}{{ top_level_domain() }}|{{ name }}{{ dot }}(?i:com|net|org)\\b)))
{%- endmacro %}
