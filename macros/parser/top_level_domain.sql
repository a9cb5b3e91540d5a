{#-
    Regular expression of the end of a host that is told from prose by it: a country's letters, or what
    most hosts end with. What is mostly the end of a file's name (md, ps, py, sh) has to have a second
    level, as com.py. A capital and a small letter begin a sentence: "at home.It is".
-#}
{% macro top_level_domain() -%}
    {%- set country -%}
        a[cdefgilmoqrstuwxz]|b[abdefghijmnorstvwyz]|c[acdfghiklmnoruvwxyz]|d[ejkmoz]|e[ceghrstu]|f[ijkmor]
        |g[abdefghilmnpqrstuwy]|h[kmnrtu]|i[delmnoqrst]|j[emop]|k[eghimnprwyz]|l[abcikrstuvy]
        |m[acefghklmnopqrstuvwxyz]|n[acefgilopruz]|om|p[aefghklmnrtw]|qa|r[eosuw]|s[abcdegiklmnorstuvxyz]
        |t[cdfghjklmnortvwz]|u[agksyz]|v[aceginu]|w[fs]|y[et]|z[amw]
    {%- endset -%}
    {%- set country = country | replace('\n', '') | replace(' ', '') -%}
    {%- set common -%} com|org|net|edu|gov|mil|int|info|biz|pro|mobi|app|dev|xyz|online|email|cloud|club|shop|tech|academy|education|school|university|college|asia|cat|example|test {%- endset -%}
    (?:(?:(?i:{{ common }}|(?:com|org|net|edu|gov|[a-z]{2})[.][a-z]{2})|{{ country }}|{{ country | upper | replace('\\', '') }})\\b|рф|(?i:xn--)[a-z0-9-]+)
{%- endmacro %}
