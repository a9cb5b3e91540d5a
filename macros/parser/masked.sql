{#-
    Text with *** for what gives a person away: an e-mail address, however it is written (plain,
    encoded, in any alphabet, spelled out); the user part of a URL, the values of its parameters, the
    name in that of a profile; a link to a person, as tel: is; values that JSON or a header calls names,
    addresses or secrets; a telephone number, that is + and 8 to 15 digits, or 9 to 15 digits in three
    groups or more. Keys of Open edX, which have an @ themselves, UUIDs and digits that go on from a
    word, as in a file's name, are left alone. The text is cut into pieces, each kept or masked.
-#}
{% macro masked(text) -%}
    {%- set letter -%} A-Za-z_\\x{C0}-\\x{1FFF} {%- endset -%}
    {%- set never -%} \\s"<>()\\[\\]{},;:/=&?#@|\\\\ {%- endset -%}
    {%- set address -%} {{ address_pattern(never, letter) }} {%- endset -%}

    {#- What is kept although it looks like an address or a number. -#}
    {%- set key -%} {{ kept_key() }} {%- endset -%}
    {%- set uuid -%} [0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12} {%- endset -%}

    {#- What is before a value that is masked, and stays: of a URL, a link, JSON, a header. -#}
    {%- set secret -%} (?i:[a-z_-]*(?:session_?id|token|passw(?:or)?d|secret|api_?key|authorization)) {%- endset -%}
    {%- set personal -%} (?i:[a-z_]*(?:account|actor|name|mail|mbox(?:_sha1sum)?|openid|phone)) {%- endset -%}
    {%- set parameter -%} (?:[?&#](?:amp;)*|;)[{{ letter }}0-9.~%\\[\\]-]*= {%- endset -%}
    {%- set link -%} (?i:mailto|tel|sms|smsto|sips?|xmpp|skype|callto|acct)(?::|%3A) {%- endset -%}
    {%- set member -%} \\\\{0,4}"(?:{{ personal }}|{{ secret }})\\\\{0,4}"\\s*:\\s*\\\\{0,4}" {%- endset -%}
    {%- set header -%} {{ secret }}(?:=|\\s*:\\s*)(?:(?i:bearer|basic)\\s+)? {%- endset -%}
    {#- A browser takes back slashes for slashes, and JSON writes them before each. -#}
    {%- set slashes -%} (?:\\\\{0,2}/|\\\\){2} {%- endset -%}
    {%- set before -%} (?:{{ parameter }}|{{ link }}|{{ member }}|{{ header }}|{{ slashes }}|/u/) {%- endset -%}

    {%- set plus -%} (?:[+＋]|&#0*43;) {%- endset -%}
    {%- set between -%} [ .()\\x{A0}\\x{2009}-\\x{2015}\\x{202F}-] {%- endset -%}
    {%- set number -%} [(]?{{ plus }}?[(]?[0-9](?:{{ between }}{0,3}[0-9])*(?: ?(?:x|ext[.]?) ?[0-9]+)?\\b {%- endset -%}
    {%- set digit_count -%} length(replaceRegexpAll(piece, '[^0-9]|^&#0*43;', '')) {%- endset -%}
    {%- set shown -%} replaceRegexpOne(piece, '(?s)^({{ before }}).+?(@?)$', '\\1***\\2') {%- endset -%}
    {#-
        A run of so many letters without a blank or a mark is no text. What is below may look at the
        rest of a run from each of its characters: a long one would take hours.
    -#}
    {%- set marks -%} {{ never }}、。，．！？；：「」（） {%- endset -%}
    {%- set bounded -%}
        if(
            length({{ text }}) > 300,
            arrayStringConcat(arrayMap(
                run -> if(length(run) > 300, '***', run),
                extractAll(assumeNotNull({{ text }}), '(?s)[^{{ marks }}]+|.')
            )),
            assumeNotNull({{ text }})
        )
    {%- endset -%}
    if(
        {{ may_identify(text) }},
        arrayStringConcat(arrayMap(
            piece -> multiIf(
                length(piece) = 1 or match(piece, '^(?:{{ key }}|{{ uuid }})$'), piece,
                {{ shown }} != piece, {{ shown }},
                match(piece, '(?s)@.|[\\s_-](?i:at)[\\s_-]'), '***',
                match(piece, '^{{ number }}$')
                and {{ digit_count }} between 8 and 15
                and (
                    match(piece, '{{ plus }}')
                    or {{ digit_count }} > 8 and match(piece, '[0-9][^0-9]+[0-9]+[^0-9]+[0-9]')
                ), '***',
                piece
            ),
            extractAll(
                {{ plainly_written(bounded) }},
                '(?s){{ key }}@[^{{ never }}]+|{{ key }}
                {{- '|' }}(?:{{ parameter }}|{{ link }}|{{ header }})[^\\s&;#"<>]+|{{ member }}[^"\\\\]*
                {{- '|' }}{{ slashes }}[^\\s/?#"<>@\\\\]*(?::[^\\s/?#"<>@]*)?@
                {{- '|' }}/u/[^\\s/?#"<>]+/?(?:[?#][^\\s"<>]*|[\\s"<>]|$)
                {{- '|' }}{{ address }}|{{ uuid }}|{{ number }}
                {{- '|' }}[{{ letter }}][{{ letter }}0-9.+-]*|[{{ letter }}0-9]+|[^{{ never }}{{ letter }}0-9+＋]+|.'
            )
        )),
        {{ text }}
    )
{%- endmacro %}
