{#-
    Regular expression of a part of a key: letters and digits of whatever alphabet, and `_ - . ~`, as
    Open edX has it. They are told in ranges, for a pattern is made anew for each block of rows, and one
    with \pL takes milliseconds; what looks like a full stop or an @ is in none of them.
-#}
{% macro key_part() -%}
    [A-Za-z0-9_.~\\x{C0}-\\x{1FFF}\\x{3005}-\\x{D7FF}-]+
{%- endmacro %}
