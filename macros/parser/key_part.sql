{#-
    Regular expression of a part of a key: letters and digits of whatever alphabet, and `_ - . ~`, as
    Open edX has it, which takes : and % too in some parts (`more`). They are told in ranges, for a
    pattern is made anew for each block of rows, and one with \pL takes milliseconds; what looks like a
    full stop, an @ or a bracket is in none of them.
-#}
{% macro key_part(more='') -%}
    [A-Za-z0-9_.~{{ more }}\\x{C0}-\\x{1FFF}\\x{3041}-\\x{30FA}\\x{30FC}-\\x{318F}\\x{3400}-\\x{D7FF}-]+
{%- endmacro %}
