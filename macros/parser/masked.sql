{#-
    Text with *** for what gives a person away: an e-mail address, however it is written (plain,
    encoded, in any alphabet, spelled out); the user part of a URL, the values of its parameters, the
    name in that of a profile; a link to a person, as tel: is; values that JSON or a header calls names,
    addresses or secrets; a telephone number, that is + and 8 digits or more, or 9 to 15 digits in three
    groups or more. Keys of Open edX, which have an @ themselves, UUIDs and digits that go on from a
    word, as in a file's name, are left alone. The text is cut into pieces, each kept or masked.
-#}
{% macro masked(text) -%}
    {%- set letter -%} A-Za-z_\\x{C0}-\\x{1FFF} {%- endset -%}
    {%- set never -%} \\s"<>()\\[\\]{},;:/=&?#@|\\\\、，！？；：「」（） {%- endset -%}
    {%- set address -%} {{ address_pattern(never, letter) }} {%- endset -%}
    {%- set blank -%} (?:[\\s{{ wide_blanks() }}]|{{ encoded_blank() }}) {%- endset -%}
    {%- set dot -%} [.．。｡․﹒] {%- endset -%}

    {#- What is kept although it looks like an address or a number. -#}
    {%- set key -%} {{ kept_key() }} {%- endset -%}
    {%- set key_in_path -%} (?:[{{ letter }}0-9-]+[/&?#])?{{ key }} {%- endset -%}
    {%- set uuid -%} [0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12} {%- endset -%}
    {#- It begins with back slashes, as a host may. -#}
    {%- set escaped_word -%} \\\\{1,4}u(?:00[89a-fA-F]|0?[1-9a-fA-F])[A-Za-z0-9.\\\\]* {%- endset -%}

    {#- What is before a value that is masked, and stays: of a URL, a link, JSON, a header. -#}
    {%- set secret -%} (?i:[a-z_-]*(?:{{ secret_word() }})) {%- endset -%}
    {%- set personal -%} (?i:[a-z_ .:/[-]*(?:account|actor|address|learner|user|name|mail|mbox(?:_sha1sum)?|openid|phone)e?s?[0-9_\\]]*) {%- endset -%}
    {%- set parameter -%} (?:[?&#](?:amp;)*|;)[{{ letter }}0-9.~%\\[\\]-]*= {%- endset -%}
    {%- set link -%} (?i:{{ link_scheme() }})(?::|%3A) {%- endset -%}
    {#- JSON escapes a quote in a value, and the quotes around it too, once more, in JSON that a text holds. -#}
    {%- set quote -%} (?:\\\\{0,4}["\']|&(?:amp;)*(?:quot|apos|#0*3[49]|#[xX]0*2[27]);|\\\\{1,4}u002[27]) {%- endset -%}
    {%- set called -%} [ub]?{{ quote }}(?:{{ personal }}|{{ secret }}){{ quote }}\\s*:\\s* {%- endset -%}
    {#- Of an actor and an account the parts are called by names of their own. -#}
    {%- set has_parts -%} {{ quote }}(?i:[a-z_ .:/[-]*(?:name|mail|phone)s?[0-9_\\]]*){{ quote }}\\s*:\\s*{ {%- endset -%}
    {#- Not empty: without a quote before it a value is a number. -#}
    {%- set value -%}
        (?:
        {{- '' }}[ub]?"(?:[^"\\\\]|\\\\.)+
        {{- '|' }}[ub]?\'(?:[^\'\\\\]|\\\\.)+
        {{- '|' }}\\\\"(?:[^"\\\\]|\\\\{2,}[^\\\\]|\\\\[^"\\\\])+
        {{- '|' }}\\\\{2,4}"[^"\\\\]+
        {{- '|' }}\\\\{1,4}\'[^\'\\\\]+
        {{- '|' }}&(?:amp;)*[a-z0-9#]+;[^&]+
        {{- '|' }}\\\\{1,4}u002[27][^\\\\]+
        {{- '|' }}\\[(?:[^\\[\\]]|\\[[^\\[\\]]*\\])+
        {{- '|' }}[0-9]+)
    {%- endset -%}
    {%- set line -%} (?i:[a-z_-]*(?:api[_-]?key|authorization):\\s*|[a-z-]*cookie:\\s*[^\\s=;,"]+=) {%- endset -%}
    {%- set in_quotes -%} \\s*[:=]\\s*(?:"[^"\\n]*|\'[^\'\\n]*) {%- endset -%}
    {%- set header -%} (?:=|\\s*:\\s*)(?:(?i:bearer|basic)\\s+)? {%- endset -%}
    {#- A browser takes back slashes for slashes, and JSON writes them before each. -#}
    {%- set slashes -%} (?:\\\\{0,2}/|\\\\){2} {%- endset -%}
    {%- set before -%} (?:{{ parameter }}|{{ link }}|{{ called }}[ub]?(?:{{ quote }}|[\\[{]|)|{{ line }}|{{ secret }}(?:\\s*[:=]\\s*["\']|{{ header }})|{{ slashes }}|{{ slash_u() }}) {%- endset -%}

    {%- set plus -%} (?:[+＋]|&(?:amp;)*(?:#0*43;|#[xX]0*2[bB];|plus;)|%(?:25)*2[bB]|\\\\{1,4}(?:u002|x2)[bB]) {%- endset -%}
    {#- Between digits. A / is also in dates and fractions: it has to follow a + or a first group with a 0. -#}
    {%- set marks_between -%} \\t .()（）·•‧\\x{A0}\\x{AD}\\x{2009}-\\x{2015}\\x{200B}-\\x{200D}\\x{202F}\\x{2043}\\x{2060}\\x{2212}\\x{3000}\\x{30FC}\\x{FF0D}- {%- endset -%}
    {%- set between -%} [{{ marks_between }}]{0,3}(?:{{ encoded_blank() }}[()-]?)? {%- endset -%}
    {%- set between_after_plus -%} [/_~{{ marks_between }}]{0,3}(?:{{ encoded_blank() }}[()-]?)? {%- endset -%}
    {%- set digit -%} [0-9{{ other_digits() }}] {%- endset -%}
    {%- set no_digit -%} [^0-9{{ other_digits() }}] {%- endset -%}
    {%- set said -%} _?(?:(?i:t[eé]l|phone|mobile|mob|fax|ph|nr|[tmfp])[.]?)? {%- endset -%}
    {%- set grouped -%} (?:{{ between }}{{ digit }})* {%- endset -%}
    {%- set number -%}
        (?:
        {{- said }}[(（]?(?:{{ plus }}[(（]?{{ digit }}(?:{{ between_after_plus }}{{ digit }})*|0(?:{{ grouped }}[)]? ?/ ?)?)
        {{- '|' }}_?[(（]?{{ digit }}
        {{- ')' }}{{ grouped }}{{ between }}(?:[0-9](?: ?(?:x|ext[.]?) ?[0-9]+)?(?:\\b|_)|[{{ other_digits() }}])
    {%- endset -%}
    {%- set digit_count -%}
        lengthUTF8(replaceRegexpAll(piece, '{{ plus }}|{{ encoded_blank() }}|{{ no_digit }}', ''))
    {%- endset -%}
    {#- Among more digits than a number has, as after a date: with a 0 before it, or as in America. -#}
    {%- set gap -%} {{ no_digit }}{1,3} {%- endset -%}
    {%- set one_of_several -%}
        (?:^|{{ no_digit }})(?:
        {{- '' }}0{{ digit }}{2,4}(?:{{ gap }}{{ digit }}+){2}
        {{- '|' }}0{{ digit }}(?:{{ gap }}{{ digit }}{2}){4}
        {{- '|' }}{{ digit }}{3}{{ gap }}{{ digit }}{3}{{ gap }}{{ digit }}{4}
        {{- ')' }}(?:{{ no_digit }}|$)
    {%- endset -%}
    {%- set shown -%} replaceRegexpOne(piece, '(?s)^({{ before }}).+?(@?)$', '\\1***\\2') {%- endset -%}
    {#-
        A run of so many letters without a blank or a mark is no text. What is below may look at the
        rest of a run from each of its characters: a long one would take hours.
    -#}
    {%- set marks -%} {{ never }}。． {%- endset -%}
    {#- Nor is a text of so many characters looked at to its end, whatever it holds. -#}
    {%- set longest = 20000 -%}
    {%- set bounded -%}
        if(
            length({{ text }}) > 300,
            arrayStringConcat(arrayMap(
                run -> if(length(run) > 300, '***', run),
                extractAll(
                    concat(
                        substringUTF8(assumeNotNull({{ text }}), 1, {{ longest }}),
                        if(lengthUTF8(assumeNotNull({{ text }})) > {{ longest }}, ' ***', '')
                    ),
                    '(?s)[^{{ marks }}]+|.'
                )
            )),
            assumeNotNull({{ text }})
        )
    {%- endset -%}
    if(
        {{ may_identify(text) }},
        arrayStringConcat(arrayMap(
            piece -> multiIf(
                length(piece) = 1 or match(piece, '^(?:{{ uuid }}|{{ escaped_word }})$'), piece,
                match(piece, '^{{ key_in_path }}$'), if({{ impersonal('decodeURLComponent(piece)') }} = '', '***', piece),
                {{ shown }} != piece, {{ shown }},
                match(piece, '(?s)@.|{{ blank }}(?i:at)|(?i:at){{ blank }}|[-_*|+](?i:at)[-_*|+].*(?:[-_*|+](?i:dot)[-_*|+]|{{ dot }}{{ top_level_domain() }})'), '***',
                match(piece, '^{{ number }}$')
                and (
                    {{ digit_count }} >= 8 and match(piece, '{{ plus }}')
                    or {{ digit_count }} between 9 and 15
                    and match(piece, '{{ digit }}{{ no_digit }}+{{ digit }}+{{ no_digit }}+{{ digit }}')
                    or {{ digit_count }} > 15 and match(piece, '{{ one_of_several }}')
                ), '***',
                piece
            ),
            extractAll(
                {{ plainly_written(bounded) }},
                '(?s){{ key_in_path }}@[^{{ never }}]+|{{ key_in_path }}
                {{- '|' }}{{ line }}(?:="[^"\\n]*"|[^\\r\\n"<>])+
                {{- '|' }}{{ called }}{{ value }}|{{ has_parts }}(?:[^{}]|{[^{}]*})+
                {{- '|' }}{{ secret }}{{ in_quotes }}
                {{- '|' }}(?:{{ parameter }}|{{ link }}|{{ secret }}{{ header }})[^\\s&;#"<>]+
                {{- '|' }}{{ slashes }}[^\\s/?#"<>@\\\\]*(?::[^\\s/?#"<>@]{0,60})?@
                {{- '|' }}{{ slash_u() }}(?:[^\\s/?#"<>\\\\]|\\\\{1,4}u[0-9a-fA-F]{4})+(?:/?[?#][^\\s"<>]*)?
                {{- '|' }}{{ address }}|{{ uuid }}|{{ number }}
                {{- '|' }}(?:[{{ letter }}]|{{ escaped_letter() }})(?:[{{ letter }}0-9.+-]|{{ escaped_letter() }}|%(?:25)*2[bB])*|[{{ letter }}0-9]+|[^{{ never }}{{ letter }}0-9%+＋０-９]+|.'
            )
        )),
        {{ text }}
    )
{%- endmacro %}
