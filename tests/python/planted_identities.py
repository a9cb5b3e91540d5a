"""Ways in which the identity of a person can stand in a text or in the actor of a statement.

Every template is filled by `filled`, which is `str.format` with `who`, `digits` and `d`, the
digits once more for templates that set separators between them (braces meant as such are doubled).
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Form:
    """One way to write an identity, and what of it gives the person away."""

    name: str
    text: str
    found: tuple[str, ...]
    is_hopeless: bool = False


def filled(template: Any, who: str, digits: str = "0000000") -> Any:
    """Fill the placeholders of a template, in strings at any depth and in keys."""
    if isinstance(template, str):
        return template.format(who=who, digits=digits, d=digits)
    if isinstance(template, dict):
        return {
            filled(key, who, digits): filled(value, who, digits) for key, value in template.items()
        }
    if isinstance(template, list):
        return [filled(value, who, digits) for value in template]
    return template


WHO = ("{who}",)

# The seven digits in groups of three and four, and the first six of them in pairs.
D3 = "{d[0]}{d[1]}{d[2]}"
D4 = "{d[3]}{d[4]}{d[5]}{d[6]}"
P1 = "{d[0]}{d[1]}"
P2 = "{d[2]}{d[3]}"
P3 = "{d[4]}{d[5]}"

# Words in other scripts: a first name and the word "example".
CYRILLIC_NAME = "\u0438\u0432\u0430\u043d"
CYRILLIC_EXAMPLE = "\u043f\u0440\u0438\u043c\u0435\u0440"
CYRILLIC_TEST = "\u0438\u0441\u043f\u044b\u0442\u0430\u043d\u0438\u0435"
ARABIC_NAME = "\u0633\u0644\u0645\u0649"
ARABIC_EXAMPLE = "\u0645\u062b\u0627\u0644"
CHINESE_NAME = "\u5c0f\u660e"
CHINESE_EXAMPLE = "\u4f8b\u5b50"
HINDI_NAME = "\u0930\u093e\u0927\u093f\u0915\u093e"
HINDI_EXAMPLE = "\u0909\u0926\u093e\u0939\u0930\u0923"

FULL_WIDTH_AT = "\uff20"
SMALL_AT = "\ufe6b"
FULL_WIDTH_EXAMPLE = "\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45"

ADDRESSES = [
    Form("address, alone", "{who}@example.org", WHO),
    Form("address, in a sentence", "Please write to {who}@example.org before Monday", WHO),
    # The capitals stand next to the @, so that a pattern for small letters misses all of it.
    Form("address, upper-case", "{who}ABC@EXAMPLE.ORG", WHO),
    Form("address, plus-tagged", "{who}+course-1@example.com", WHO),
    Form("address, tag that names the person", "forum+{who}@example.com", WHO),
    Form("address, dots in the local part", "a.{who}.b-c_d@example.net", WHO),
    Form("address, apostrophe", "{who}o'neil@example.org", WHO),
    # Elsewhere such signs part texts.
    Form(
        "address, rare legal signs", "{who}!#$%&'*/=?^_`{{|}}~x@example.org", WHO, is_hopeless=True
    ),
    # Elsewhere such signs part texts.
    Form(
        "address, relayed with = and %",
        "{who}=example.net%example.com@example.org",
        WHO,
        is_hopeless=True,
    ),
    Form("address, quoted local part", '"{who} of example"@example.org', WHO),
    Form("address, quoted @ and quote", '"{who}@work \\" x"@example.org', WHO),
    # Elsewhere such signs part texts.
    Form("address, comment in it", "{who}(at work)@example.org", WHO, is_hopeless=True),
    Form("address, person in the domain", "me@{who}.example", WHO),
    Form("address, subdomains", "me@a.b-c.{who}.mail.example.org", WHO),
    Form("address, reserved domain of tests", "{who}@mail.test", WHO),
    Form("address, long top-level domain", "{who}@mail.xn--80akhbyknj4f", WHO),
    Form("address, final dot of the domain", "{who}@{who}.example.org.", WHO),
    Form("address, in angle brackets", "From: Learner <{who}@example.org>", WHO),
    Form("address, name in quotes before it", '"Anna {who}" <learner@example.org>', WHO),
    Form(
        "address, name in prose before it",
        "thanks to Anna {who} <learner@example.org>",
        WHO,
        # Where the name begins in a sentence cannot be told.
        is_hopeless=True,
    ),
    Form("address, in parentheses", "my teacher({who}@example.org)said so", WHO),
    Form("address, comma after it", "{who}@example.org, and thanks", WHO),
    Form("address, marks after it", "Is it {who}@example.org?! No: {who}@example.net...", WHO),
    Form("address, after a colon", "mail:{who}@example.org", WHO),
    Form("address, in Markdown", "**{who}@example.org**, _{who}@example.net_", WHO),
    Form("address, link in Markdown", "[{who}@example.org](mailto:{who}@example.org)", WHO),
    Form(
        "address, no blank in Chinese text",
        f"{CHINESE_EXAMPLE}{{who}}@example.org{CHINESE_EXAMPLE}",
        WHO,
    ),
    Form("addresses, with ;", "{who}@example.org;{who}.b@example.net;{who}.c@example.com", WHO),
    Form("addresses, with ,", "{who}@example.org,{who}.b@example.net,{who}.c@example.com", WHO),
    Form("addresses, on lines", "{who}@example.org\n{who}.b@example.net\r\n{who}.c@a.test", WHO),
    Form("address, localhost", "{who}@localhost", WHO),
    Form("address, one-label host", "root mail goes to {who}@mailhost now", WHO),
    Form("address, host and port", "{who}@localhost:8025 or {who}@mailhost:25", WHO),
    Form("address, IPv4 literal", "{who}@[192.0.2.7]", WHO),
    Form("address, IPv6 literal", "{who}@[IPv6:2001:db8::7]", WHO),
    Form("address, bare IPv4", "{who}@192.0.2.7", WHO),
    Form("address, path after it", "{who}@example.org/phone", WHO),
    # Masked in a text, but for what a / parts; of a URL the parser takes what such signs part.
    *(
        Form(f"address, {sign} in it", f"{{who}}{sign}x@example.org", WHO, is_hopeless=True)
        for sign in "/&?#"
    ),
    Form("address, glued to a key", "course-v1:{who}@example.org", WHO),
    Form("address, second @ before it", "follow @{who}@example.org", WHO),
]

LINKED_ADDRESSES = [
    Form("mailto", "mailto:{who}@example.org", WHO),
    Form("mailto, upper-case", "MAILTO:{who}ABC@EXAMPLE.ORG", WHO),
    Form("mailto, no domain", "mailto:{who}", WHO),
    Form("mailto, percent-encoded", "mailto:{who}%40example.org", WHO),
    Form("mailto, copy and subject", "mailto:a@example.org?cc={who}@a.test&subject=hi", WHO),
    Form("mailto, several", "mailto:a@example.org,{who}@example.net?bcc={who}%40a.test", WHO),
    Form("mailto, in HTML", '<a href="mailto:{who}@example.org">write to us</a>', WHO),
    Form("mailto, in HTML, no quotes", "<a href=mailto:{who}@example.org>{who}@a.test</a>", WHO),
    Form("JSON in a string", '{{"email": "{who}@example.org", "n": 1}}', WHO),
    Form("JSON in a string, escaped @", '{{"email": "{who}\\u0040example.org"}}', WHO),
    Form("JSON in JSON, escaped", '{{\\"email\\": \\"{who}\\\\u0040example\\\\u002eorg\\"}}', WHO),
    Form("JavaScript, escaped @", "'{who}\\x40example\\x2Eorg'", WHO),
    # Elsewhere such signs part texts.
    Form("quoted-printable @", "To: {who}=40example.org", WHO, is_hopeless=True),
    Form("address in a path", "https://example.org/users/{who}@example.com/edit", WHO),
    Form("address in a query", "https://example.org/x?a=1&q={who}@example.com&b=2", WHO),
    Form("address in a fragment", "https://example.org/x#/to/{who}@example.com", WHO),
    Form("address in a path parameter", "https://example.org/x;to={who}@example.com/y", WHO),
]

ENCODED_ADDRESSES = [
    Form("percent-encoded", "{who}%40example.org", WHO),
    Form("percent-encoded, with dots", "a%2E{who}%40example%2Eorg and {who}%40example%2eorg", WHO),
    Form("percent-encoded, plus tag", "https://example.org/?q={who}%2Btag%40example.com", WHO),
    Form("percent-encoded in a path", "https://example.org/users/{who}%40example.com/", WHO),
    Form("percent-encoded twice", "https://example.org/?q={who}%2540example.com", WHO),
    Form("percent-encoded twice, with dots", "a%252E{who}%2540example%252Eorg", WHO),
    Form("percent-encoded three times", "{who}%252540example%25252Eorg", WHO),
    Form(
        "percent-encoded Cyrillic",
        "%D0%B8%D0%B2{who}%D0%B0%D0%BD%40%D0%BF%D1%80%D0%B8%D0%BC%D0%B5%D1%80.example",
        WHO,
    ),
    Form("percent-encoded full-width @", "{who}%EF%BC%A0example.org", WHO),
    Form("percent-encoded spelled out", "https://example.org/?q={who}%20at%20example.com", WHO),
    Form("entity, decimal", "{who}&#64;example.org", WHO),
    Form("entity, decimal, full-width @", "{who}&#65312;example.org", WHO),
    Form("entity, hexadecimal, full-width @", "{who}&#xFF20;example.org", WHO),
    Form("entity, escaped, small @", "{who}&amp;#xfe6b;example.org", WHO),
    Form("entity, decimal with zeros", "{who}&#0064;example.org", WHO),
    Form("entity, hexadecimal", "{who}&#x40;example.org and {who}&#X0040;example.net", WHO),
    Form("entity, named", "{who}&commat;example.org", WHO),
    Form("entity, no semicolon", "{who}&#64 example.org", WHO),
    Form("entity, escaped again", "{who}&amp;#64;example.org and {who}&amp;commat;a.test", WHO),
    Form("entities, dots as well", "a&#46;{who}&#64;example&period;org", WHO),
    Form("entities, hexadecimal dots", "a&#x2e;{who}&#x40;mail&#x2E;{who}&#x2E;example", WHO),
    Form("full-width @", f"{{who}}{FULL_WIDTH_AT}example.org", WHO),
    Form("small @", f"{{who}}{SMALL_AT}example.org", WHO),
    Form("full-width @ and domain", f"{{who}}{FULL_WIDTH_AT}{FULL_WIDTH_EXAMPLE}\uff0eorg", WHO),
    Form("full-width dot", "a\uff0e{who}@mail\uff0e{who}\uff0eexample", WHO),
    Form("ideographic dot", "{who}@mail\u3002{who}\u3002example", WHO),
    Form("half-width ideographic dot", "{who}@mail\uff61{who}\uff61example", WHO),
    Form("one-dot leader", "a\u2024{who}@mail\u2024{who}\u2024example", WHO),
    Form("zero-width blank at the @", "{who}\u200b@\u200bexample.org", WHO),
    Form("soft hyphen and joiner at the @", "{who}\u00ad@example.org, {who}\u2060@a.test", WHO),
    Form("@ in bold", "{who}<b>@</b>example.org", WHO),
    Form("@ after an HTML comment", "{who}<!-- x -->@<!-- x -->example.org", WHO),
    Form(
        "decoy hidden by a style",
        '{who}<span style="display:none">.remove</span>@example.org',
        WHO,
        # Only a browser knows which part is not shown; the rest is a word before a tag.
        is_hopeless=True,
    ),
]

INTERNATIONAL_ADDRESSES = [
    # The token stands on either side, so that a pattern for ASCII letters misses some of it.
    Form("Cyrillic local part", f"{{who}}{CYRILLIC_NAME}@example.org", WHO),
    Form("Cyrillic address", f"{CYRILLIC_NAME}.{{who}}@{CYRILLIC_EXAMPLE}.example", WHO),
    Form(
        "Cyrillic address and top-level domain",
        f"{{who}}{CYRILLIC_NAME}@{CYRILLIC_EXAMPLE}-{{who}}.{CYRILLIC_TEST}",
        WHO,
    ),
    Form("Arabic address", f"{{who}}{ARABIC_NAME}@{ARABIC_EXAMPLE}.{{who}}.example", WHO),
    Form("Chinese address", f"{{who}}{CHINESE_NAME}@{CHINESE_EXAMPLE}.{{who}}.example", WHO),
    Form(
        "Chinese address, wide @ and dots",
        f"{{who}}{CHINESE_NAME}{FULL_WIDTH_AT}{CHINESE_EXAMPLE}\u3002{{who}}\u3002example",
        WHO,
    ),
    # Vowel signs of Devanagari are marks, not letters.
    Form("Devanagari address", f"{{who}}{HINDI_NAME}@{HINDI_EXAMPLE}.{{who}}.example", WHO),
    Form("decomposed accents", "{who}re\u0301ne\u0301@mu\u0308ller-{who}.example", WHO),
    Form("punycode domain", "{who}@xn--e1afmkfd.example", WHO),
    Form("punycode domains", "me@{who}.xn--e1afmkfd.xn--80akhbyknj4f", WHO),
    Form("Cyrillic one-label host", f"{{who}}@{CYRILLIC_EXAMPLE}", WHO),
]

SPELLED_ADDRESSES = [
    Form("spelled, at and dot", "{who} at example dot org", WHO),
    Form("spelled, every dot", "write to {who} dot smith at mail dot example dot org", WHO),
    Form("spelled, capitals", "{who} AT example DOT org", WHO),
    Form("spelled, at and a domain", "reach me: {who} at example.org", WHO),
    Form("spelled, parentheses", "{who}(at)example(dot)org", WHO),
    Form("spelled, parentheses and blanks", "{who} ( at ) example ( dot ) org", WHO),
    Form("spelled, square brackets", "{who}[at]example[dot]org", WHO),
    Form("spelled, brackets in capitals", "{who} [AT] example [DOT] org", WHO),
    Form("spelled, braces", "{who}{{at}}example{{dot}}org", WHO),
    Form("spelled, tags", "{who}<at>example<dot>org and {who} <at> example.org", WHO),
    Form("spelled, escaped tags", "{who}&lt;at&gt;example&lt;dot&gt;org", WHO),
    Form("spelled, @ in brackets", "{who}[@]example[.]org and {who}(@)example.org", WHO),
    Form("spelled, hyphens", "{who}-at-example-dot-org", WHO),
    Form("spelled, underscores", "{who}_at_example_dot_org", WHO),
    Form("spelled, mixed brackets", "{who} (at] example [dot) org", WHO),
    Form("blanks around @ and dot", "{who} @ example . org", WHO),
    Form("blank before @", "{who} @example.org", WHO),
    Form("blank after @", "{who}@ example.org", WHO),
    Form("no-break blanks around @", "{who}\u00a0@\u00a0example.org", WHO),
    Form("line break at the @", "{who}@\nexample.org or {who}\n@example.org", WHO),
    Form("spelled, no domain end", "{who} (at) example", WHO),
    *(
        Form(f"spelled, at and a domain in {end}", f"{{who}} at mail.{end}", WHO)
        for end in ("de", "fr", "io", "nl", "ru", "com.py", "app", "xn--p1ai", "\u0440\u0444")
    ),
    Form("spelled, capitals, of a country", "{who} AT EXAMPLE.DE", WHO),
    Form("spelled, host with digits", "{who} at o2.example and {who} at 163.com", WHO),
    Form("spelled, wide parentheses", "{who}\uff08at\uff09example\uff08dot\uff09org", WHO),
    Form("spelled, wide brackets", "{who}\uff3bat\uff3dexample.org", WHO),
    Form("spelled, lenticular brackets", "{who}\u3010at\u3011example.org", WHO),
    Form("spelled, doubled parentheses", "{who}((at))example((dot))org", WHO),
    Form("spelled, doubled angle brackets", "{who} <<at>> example.org", WHO),
    Form("spelled, guillemets", "{who}\u00abat\u00bbexample.org", WHO),
    Form("spelled, hyphens and blanks", "{who} -at- example -dot- org", WHO),
    Form("spelled, two hyphens", "{who}--at--example--dot--org", WHO),
    Form("spelled, asterisks", "{who}*at*mail*dot*example*dot*org", WHO),
    Form("spelled, bars", "{who}|at|example|dot|org", WHO),
    Form("spelled, hyphens and a domain", "{who}-at-example.org, {who}_AT_example.de", WHO),
    Form("spelled, encoded blanks", "/to/{who}%20at%20example.org {who}%09at%09a.test", WHO),
    Form("spelled, plus for blanks", "{who}+at+example.org {who}+at+example+dot+org", WHO),
    Form("spelled, encoded lines", "/to/{who}%0Aat%0Aexample.org {who}%2520at%2520a.test", WHO),
    Form("spelled, blanks of a web page", "{who}\u00a0at\u00a0example.org", WHO),
    Form("spelled, blanks of Chinese", "{who}\u3000at\u3000example.org", WHO),
    Form("@ of a browser's escape", "{who}%u0040example.org", WHO),
    Form("spelled, entities for blanks", "{who}&#160;at&#32;example&nbsp;dot&nbsp;org", WHO),
    Form("entities for blanks around @", "{who}&nbsp;@&nbsp;example.org", WHO),
    Form("encoded blanks around @", "/to/{who}%20%40%20example.org", WHO),
    Form(
        "spelled, at in quotes",
        "{who} 'at' example.org",
        WHO,
        # Quotes part texts: of JSON and of code.
        is_hopeless=True,
    ),
    Form(
        "spelled, file name as a domain",
        "{who} at example.py",
        WHO,
        # In a course on programming that is a script: "look at example.py".
        is_hopeless=True,
    ),
    Form(
        "spelled, at in another language",
        "{who} arroba example punto org",
        WHO,
        # Every language has words of its own for the signs.
        is_hopeless=True,
    ),
]

TELEPHONES = [
    Form(
        "telephone, minus signs",
        f"+1\u2212555\u2212{D3}\u2212{D4}",
        (f"{D3}\u2212{D4}", "{digits}"),
    ),
    Form("telephone, wide hyphens", f"03\uff0d{D3}\uff0d{D4}", (f"{D3}\uff0d{D4}", "{digits}")),
    Form("telephone, long marks", f"03\u30fc{D3}\u30fc{D4}", (f"{D3}\u30fc{D4}", "{digits}")),
    Form("telephone, wide brackets", f"\uff0803\uff09{D3}-{D4}", (f"{D3}-{D4}", "{digits}")),
    Form("telephone, one run", "call +1555{digits} today", ("{digits}",)),
    Form("telephone, blanks", f"+1 555 {D3} {D4}", (f"{D3} {D4}", "{digits}")),
    Form("telephone, dots", f"+1.555.{D3}.{D4}", (f"{D3}.{D4}", "{digits}")),
    Form("telephone, hyphens", f"+1-555-{D3}-{D4}", (f"{D3}-{D4}", "{digits}")),
    Form("telephone, parentheses", f"+1 (555) {D3}-{D4}", (f"{D3}-{D4}", "{digits}")),
    Form("telephone, glued parentheses", "+1(555){digits}", ("{digits}",)),
    Form(
        "telephone, trunk zero and pairs",
        f"+999 (0) {P1} {P2} {P3} {{d[6]}}0",
        (f"{P1} {P2} {P3}", "{digits}"),
    ),
    Form("telephone, hyphens with blanks", f"+1 555 - {D3} - {D4}", (f"{D3} - {D4}", "{digits}")),
    Form(
        "telephone, digit by digit",
        "+1 5 5 5 {d[0]} {d[1]} {d[2]} {d[3]} {d[4]} {d[5]} {d[6]}",
        ("{d[0]} {d[1]} {d[2]} {d[3]} {d[4]} {d[5]} {d[6]}", "{digits}"),
    ),
    Form("telephone, plus and a blank", f"+ 1 555 {D3} {D4}", (f"{D3} {D4}", "{digits}")),
    Form("telephone, 8 digits", "+9 {digits}", ("{digits}",)),
    Form("telephone, 15 digits", "+999 55555 {digits}", ("{digits}",)),
    Form(
        "telephone, no-break blanks and hyphens",
        f"+1\u00a0555\u2011{D3}\u2011{D4}",
        (f"{D3}\u2011{D4}", "{digits}"),
    ),
    Form("telephone, dashes", f"+1\u2013555\u2013{D3}\u2013{D4}", (f"{D3}\u2013{D4}", "{digits}")),
    Form("telephone, full-width plus", "\uff0b1555{digits}", ("{digits}",)),
    Form("telephone, entity for plus", "&#43;1555{digits}", ("{digits}",)),
    Form(
        "telephone, glued to text",
        "Tel.:+1555{digits}.(+1 555 {digits}),mob:+1555{digits}x12",
        ("{digits}",),
    ),
    Form("telephones, with /", f"+1555{{digits}}/+1 555 {D3} {D4}", (f"{D3} {D4}", "{digits}")),
    Form("telephone, three groups, encoded blanks", f"0555%20{D3}%20{D4}", (f"{D3}%20{D4}",)),
    Form("telephone, blanks of HTML", f"0555&nbsp;{D3}&nbsp;{D4}", (f"{D3}&nbsp;{D4}",)),
    Form(
        "telephone, French word before it", f"T\u00e9l.01 23 {P1} {P2} {P3}", (f"{P1} {P2} {P3}",)
    ),
    Form("telephone, German word before it", f"nr.0170 {D3} {D4}", (f"{D3} {D4}",)),
    Form("telephone after another", f"0170 123 4567 0171 {D3} {D4}", (f"{D3} {D4}",)),
    Form("telephone before another", f"555-{D3}-{D4} 555-123-4567", (f"{D3}-{D4}",)),
    Form("telephone after a date", f"2024-01-15 0170 {D3} {D4}", (f"{D3} {D4}",)),
    Form("telephone, three groups", f"555-{D3}-{D4}", (f"{D3}-{D4}", "{digits}")),
    Form("telephone, three groups, dots", f"555.{D3}.{D4}", (f"{D3}.{D4}", "{digits}")),
    Form("telephone, area in parentheses", f"(555) {D3}-{D4}", (f"{D3}-{D4}", "{digits}")),
    Form("telephone, 9 digits", f"55 {D3} {D4}", (f"{D3} {D4}", "{digits}")),
    Form("telephone, double zero", f"00 999 {D3} {D4}", (f"{D3} {D4}", "{digits}")),
    Form(
        "telephone, pairs",
        f"05 55 {P1} {P2} {P3} {{d[6]}}0",
        (f"{P1} {P2} {P3}", "{digits}"),
    ),
    Form("telephone, slashes", f"+1/555/{D3}{D4}", (f"{D3}{D4}", "{digits}")),
    Form("telephone, slash", f"0555/{D3} {D4}", (f"{D3} {D4}", "{digits}")),
    Form("telephone, slash, glued", f"(0555)/{D3}-{D4}", (f"{D3}-{D4}", "{digits}")),
    Form(
        "telephone, trunk zero and a slash",
        f"+1 (0)555 / {D3} {D4}",
        (f"{D3} {D4}", "{digits}"),
    ),
    Form("telephone, underscores", f"+1_555_{D3}_{D4}", (f"{D3}_{D4}", "{digits}")),
    Form("telephone, middle dots", f"+1 \u00b7 555 \u00b7 {D3}{D4}", ("{digits}",)),
    Form("telephone, bullets", f"+1 \u2022 555\u2027{D3}{D4}", ("{digits}",)),
    Form("telephone, tabs", f"+1\t555\t{D3}\t{D4}", (f"{D3}\t{D4}", "{digits}")),
    Form("telephone, soft hyphens", f"+1\u00ad555\u00ad{D3}{D4}", ("{digits}",)),
    Form("telephone, zero-width blanks", f"+1\u200b555\u200b{D3}{D4}", ("{digits}",)),
    Form("telephone, entities for blanks", f"+1&nbsp;555&#160;{D3}{D4}", ("{digits}",)),
    Form("telephone, percent-encoded", f"/to/%2B1%20555%20{D3}{D4}", ("{digits}",)),
    Form("telephone, after a T", f"T0555 {D3} {D4}, m.0555 {D3} {D4}", (f"{D3} {D4}", "{digits}")),
    Form("telephone, glued to its name", "tel+1555{digits} Tel.01 555{digits} 0", ("{digits}",)),
    Form("telephone, in Markdown", f"_0555 {D3} {D4}_", (f"{D3} {D4}", "{digits}")),
    Form("telephone, encoded plus", "\\u002b1555{digits} %2B1555{digits}", ("{digits}",)),
    Form(
        "telephone, more entities for plus",
        "&plus;1555{digits} &#x2b;1555{digits} &#x2B;1555{digits} &amp;#43;1555{digits}",
        ("{digits}",),
    ),
    Form("telephones, with / and one plus", "+1555{digits}/1555{digits}", ("{digits}",)),
    Form("telephone, full-width digits", f"\uff0b\uff11\uff15 {D3}{D4}", ("{digits}",)),
    Form("telephone, Arabic digits", f"+\u0661\u0665 {D3}{D4}", ("{digits}",)),
    Form("telephone, Devanagari digits", f"\u0967\u096b {D3} {D4}", (f"{D3} {D4}", "{digits}")),
    # As numbers with commas, formulas and times are written.
    Form(
        "telephone, other signs between",
        "+1,555,{digits} +1*555*{digits} +1|555|{digits} +1:555:{digits}",
        ("{digits}",),
        is_hopeless=True,
    ),
    # A letter and a + are also a formula or a key, as Org+2026.
    Form("telephone, glued to a letter", "x+1555{digits}", ("{digits}",), is_hopeless=True),
    Form("tel link", "tel:+1555{digits}", ("{digits}",)),
    Form("tel link, hyphens", f"tel:+1-555-{D3}-{D4};ext=12", (f"{D3}-{D4}", "{digits}")),
    Form("tel link, local", f"tel:{D3}-{D4};phone-context=+1555", (f"{D3}-{D4}", "{digits}")),
    Form("tel link, in HTML", '<a href="tel:555{digits}">call</a>', ("{digits}",)),
    Form("tel link, encoded", "tel:%2B1555{digits} or tel%3A%2B1555{digits}", ("{digits}",)),
    Form("telephone in a query", "https://example.org/?phone=%2B1555{digits}", ("{digits}",)),
    # A run of digits without a plus is also an identifier, a price or a result.
    Form("telephone, run without plus", "555{digits}", ("{digits}",), is_hopeless=True),
    # Two short groups are also a range, a score or a product number.
    Form("telephone, local number", f"{D3}-{D4}", (f"{D3}-{D4}", "{digits}"), is_hopeless=True),
]

LINKS = [
    Form("user part, with secret", "https://{who}:secret@example.org/path", WHO),
    Form("user part, secret is the token", "https://admin:{who}@example.org/path", WHO),
    Form("user part, empty user", "https://:{who}@example.org/path", WHO),
    Form("user part, empty secret", "HTTPS://{who}ABC:@EXAMPLE.ORG:8443/path", WHO),
    Form("user part, ftp", "ftp://{who}@example.org/file", WHO),
    Form("user part, no scheme", "see //{who}@example.org/x", WHO),
    Form("user part, one-label host", "http://{who}:secret@localhost:8000/x", WHO),
    Form("user part, IPv6 host", "ssh://{who}@[2001:db8::7]:22/x", WHO),
    Form("user part, database", "postgresql+psycopg://{who}:secret@dbhost/x", WHO),
    Form("user part, address", "https://{who}%40example.com:secret@example.org/x", WHO),
    Form("user part, two @", "https://{who}:p@ss@example.org/x", WHO),
    Form("user part, rare signs", "https://{who};x=1:$e,(cr)!et@example.org/x", WHO),
    Form("user part, Cyrillic", f"https://{{who}}{CYRILLIC_NAME}:secret@example.org/x", WHO),
    Form("user part, escaped slashes", "https:\\/\\/{who}:secret@example.org\\/x", WHO),
    Form("user part, encoded", "/login?next=https%3A%2F%2F{who}%3Asecret%40example.org%2Fx", WHO),
    Form("user part, of a copy command", "scp file {who}@example.org:/srv/x", WHO),
    Form("parameter token", "https://example.org/x?token={who}", WHO),
    Form("parameter token, relative link", "/x?TOKEN={who}#top", WHO),
    Form("parameter email", "https://example.org/x?email={who}%40example.com&a=1", WHO),
    Form("parameter email, no @", "https://example.org/x?a=1&email={who}", WHO),
    Form("parameter access_token", "https://example.org/x?a=1&access_token={who}&b=2", WHO),
    Form("parameter, escaped ampersand", "https://example.org/x?a=1&amp;access_token={who}", WHO),
    Form("fragment id_token", "https://example.org/cb#id_token={who}", WHO),
    Form("fragment with several", "https://example.org/cb#state=1&access_token={who}&x=1", WHO),
    Form("parameter user", "https://example.org/x?user={who}", WHO),
    Form("parameter username", "https://example.org/x?username={who}&user_id={who}", WHO),
    Form("parameter user, blanks", "https://example.org/x?user=Anna+{who}+Example&b=2", WHO),
    Form("parameter user, encoded blanks", "https://example.org/x?user=Anna%20{who}&b=2", WHO),
    Form("parameter user, encoded name", "https://example.org/x?%75ser={who}", WHO),
    Form("parameter, list and nesting", "https://example.org/x?user[]={who}&user[name]={who}", WHO),
    Form("parameter in a parameter", "/login?next=%2Fx%3Ftoken%3D{who}%26a%3D1", WHO),
    Form("parameter jsessionid", "https://example.org/x;jsessionid={who}?a=1", WHO),
    Form("parameter jsessionid, capitals", "https://example.org/x;JSESSIONID={who}.node1", WHO),
    Form(
        "parameters of sessions and keys",
        "https://example.org/x?sessionid={who}&api_key={who}&password={who}",
        WHO,
    ),
    Form("parameter, after a semicolon", "https://example.org/x?a=1;token={who};b=2", WHO),
    Form("authorization header", "Authorization: Bearer {who}.{who}.{who}", WHO),
    Form("session in words", "the sessionid: {who}", WHO),
    Form("session cookie", "Cookie: a=1; sessionid={who}; csrftoken={who}", WHO),
    Form("username in JSON in a string", '{{"username": "{who}", "n": 1}}', WHO),
    Form("username in JSON, escaped quote", '{{"username": "a\\"{who}", "n": 1}}', WHO),
    Form("username in JSON in JSON", '{{\\"username\\": \\"a\\\\\\"{who}\\", 1}}', WHO),
    Form("name in JSON, keys of two words", '{{"full name": "{who}", "user-name":"{who}"}}', WHO),
    Form("address in JSON, hyphen", '{{"e-mail": "{who}"}}', WHO),
    Form(
        "address in JSON, other keys",
        '{{"email_address": "{who}", "emailAddress": "{who}", "mail_address":"{who}"}}',
        WHO,
    ),
    Form("user in JSON", '{{"user": "{who}", "learner": "{who}", "n": 1}}', WHO),
    Form("names in JSON, plural", '{{"names": "{who}", "users": ["a", "{who}"]}}', WHO),
    Form("number in JSON, telephone", '{{"phone": 1555{digits}, "n": 1}}', ("{digits}",)),
    Form("number in JSON, password", '{{"password":{digits}}}', ("{digits}",)),
    Form("number in JSON in JSON", '{{\\"phone\\": 1555{digits}}}', ("{digits}",)),
    Form("name in JSON, after an empty one", '{{"name": "", "user": "{who}"}}', WHO),
    Form("name in a dictionary of Python", "{{'name': 'a \\' {who}', 'n': 1}}", WHO),
    Form("names in JSON, list", '{{"name": ["a", "{who}"], "n": 1}}', WHO),
    Form("names in JSON, object", '{{"name": {{"first": "{who}"}}, "n": 1}}', WHO),
    Form("name in JSON in HTML", "{{&quot;name&quot;:&quot;{who}&quot;}}", WHO),
    Form("secrets in quotes", "token=\"{who}\" and password: 'a {who}'", WHO),
    Form("authorization header, other schemes", "Authorization: Token {who}\r\nx", WHO),
    Form("authorization header, digest", 'Authorization: Digest username="{who}", uri="/"', WHO),
    Form("session cookie, other names", "Set-Cookie: sid={who}; path=/\nCookie: sid={who}", WHO),
    Form("header of a key", "X-Api-Key: a {who}", WHO),
    Form(
        "secret in a sentence",
        "my password is {who}",
        WHO,
        # A word among words.
        is_hopeless=True,
    ),
    Form("profile page of Open edX", "https://example.org/u/{who}", WHO),
    Form("profile page, with a page below", "https://example.org/u/{who}/badges", WHO),
    Form("profile page, capital", "https://example.org/U/{who}", WHO),
    Form("profile page, encoded", "https://example.org/u%2F{who}", WHO),
    Form("profile page, escaped slashes", "https:\\/\\/example.org\\/u\\/{who}\\/x", WHO),
    Form("parameter with an unknown name", "https://example.org/x?p={who}", WHO),
    Form(
        "part of a path",
        "https://example.org/blog/{who}/post",
        WHO,
        # Nothing tells the part from that of any other path.
        is_hopeless=True,
    ),
    Form("sip link", "sip:{who}@example.org", WHO),
    Form("sip link, no host", "sips:{who};transport=tls", WHO),
    Form("sip link, number", "sip:+1555{digits}@example.org;user=phone", ("{digits}",)),
    Form("xmpp link", "xmpp:{who}@example.org/{who}?message", WHO),
    Form("xmpp link, encoded", "xmpp:{who}%40example.org", WHO),
    Form("skype link", "skype:{who}?call", WHO),
    Form("skype link, in HTML", '<a href="skype:live:{who}?chat">chat</a>', WHO),
    Form("sms link", "sms:+1555{digits}?body=hello", ("{digits}",)),
    Form("sms link, no plus", f"SMS:555-{D3}-{D4}", (f"{D3}-{D4}", "{digits}")),
    Form("callto link", "callto:{who}", WHO),
    Form("callto link, number", "callto:1555{digits}", ("{digits}",)),
    Form("acct link", "acct:{who}@example.org", WHO),
]

NAMES = [
    Form("name in JSON, in a list", '{{"name":[{{"given":["Q"],"family":"{who}"}}]}}', WHO),
    Form("name in JSON, in parts", '{{"name":{{"a":{{"given":"Q"}},"family":"{who}"}}}}', WHO),
    Form("names in JSON, lists", '{{"users":[["q"],["{who}"]]}}', WHO),
    Form("name in JSON, numbered", '{{"name_1": "{who}"}}', WHO),
    Form("name in JSON, of a vocabulary", '{{"foaf:name": "{who}"}}', WHO),
    Form("name in JSON, of a form", '{{"user[name]": "{who}"}}', WHO),
    Form("name in Python's words", "{{u'username': u'{who}'}}", WHO),
    Form("name in JSON, quotes of HTML", "{{&#x27;name&#x27;: &#x27;{who}&#x27;}}", WHO),
    Form("name in JSON, quotes of JavaScript", r"\u0022username\u0022: \u0022{who}\u0022", WHO),
    # A word among words: only a list of all usernames could tell it.
    Form("username in prose", "I agree with {who} about this", WHO, is_hopeless=True),
    # A name among words: only a list of all names could tell it.
    Form("full name in prose", "Anna {who} Example wrote this", WHO, is_hopeless=True),
    # A course on programming writes decorators in this way.
    Form("username after @", "thanks @{who} for the answer", WHO, is_hopeless=True),
]

FORMS: list[Form] = [
    *ADDRESSES,
    *LINKED_ADDRESSES,
    *ENCODED_ADDRESSES,
    *INTERNATIONAL_ADDRESSES,
    *SPELLED_ADDRESSES,
    *TELEPHONES,
    *LINKS,
    *NAMES,
]

HOME = "https://lms.example.org"


def account(name: Any, /, home: Any = HOME, **beside: Any) -> dict[str, Any]:
    """Make an agent that is known by an account."""
    return {"objectType": "Agent", "account": {"homePage": home, "name": name}, **beside}


def agent(**values: Any) -> dict[str, Any]:
    """Make an agent with the given properties."""
    return {"objectType": "Agent", **values}


def group(**values: Any) -> dict[str, Any]:
    """Make a group with the given properties."""
    return {"objectType": "Group", **values}


MAILBOX = "mailto:{who}@example.org"
FULL_NAME = "Anna {who} Example"

ACTORS: list[tuple[str, dict[str, Any]]] = [
    ("account, username", account("{who}")),
    ("account, no object type", {"account": {"homePage": HOME, "name": "{who}"}}),
    ("account, username and name", account("{who}", name=FULL_NAME)),
    ("account, number and name", account("42", name=FULL_NAME)),
    ("account, address", account("{who}@example.org")),
    ("account, address in capitals", account("{who}ABC@EXAMPLE.ORG")),
    ("account, mailto", account(MAILBOX)),
    ("account, encoded address", account("{who}%40example.org")),
    ("account, address encoded twice", account("{who}%2540example%252Eorg")),
    ("account, address with an entity", account("{who}&#64;example.org")),
    ("account, address spelled out", account("{who} at example dot org")),
    ("account, full name", account(FULL_NAME)),
    ("account, blanks at the ends", account("  {who}\t\n")),
    ("account, Cyrillic username", account(f"{CYRILLIC_NAME}{{who}}{CYRILLIC_NAME}")),
    ("account, signs in the username", account('{who}"\\<&>;--/*')),
    ("account, JSON in the username", account('{{"username": "{who}"}}')),
    ("account, user part", account("42", home="https://{who}:secret@lms.example.org")),
    ("account, user part and username", account("{who}", home="https://{who}@lms.example.org")),
    ("account, token in the home page", account("42", home=f"{HOME}/?token={{who}}")),
    ("account, own home page", account("42", home="https://{who}.example/")),
    ("account, profile as home page", account("42", home=f"{HOME}/u/{{who}}")),
    ("account, mailto as home page", account("42", home=MAILBOX)),
    ("account, no home page", agent(account={"name": "{who}"})),
    ("account, no name", agent(account={"homePage": "https://{who}@lms.example.org"})),
    ("mbox", agent(mbox=MAILBOX)),
    ("mbox and name", agent(mbox=MAILBOX, name=FULL_NAME)),
    ("mbox and address as name", agent(mbox=MAILBOX, name="{who}@example.org")),
    ("mbox in capitals", agent(mbox="MAILTO:{who}ABC@EXAMPLE.ORG")),
    ("mbox, no mailto", agent(mbox="{who}@example.org")),
    ("mbox, no mailto, and name", agent(mbox="{who}@example.org", name=FULL_NAME)),
    ("mbox, username only", agent(mbox="{who}")),
    ("mbox, mailto and username only", agent(mbox="mailto:{who}")),
    ("mbox, percent-encoded", agent(mbox="mailto:{who}%40example.org")),
    ("mbox, all percent-encoded", agent(mbox="mailto%3A{who}%40example%2Eorg")),
    ("mbox, encoded twice", agent(mbox="mailto:{who}%2540example.org")),
    ("mbox, plus-tagged", agent(mbox="mailto:{who}+tag@example.org")),
    ("mbox, subject", agent(mbox="mailto:a@example.org?cc={who}@example.net&subject=hi")),
    ("mbox, angle brackets", agent(mbox="mailto:Anna {who} <{who}@example.org>")),
    ("mbox, blanks", agent(mbox=" mailto: {who}@example.org ")),
    ("mbox, one-label host", agent(mbox="mailto:{who}@localhost")),
    ("mbox, Cyrillic", agent(mbox=f"mailto:{{who}}{CYRILLIC_NAME}@{CYRILLIC_EXAMPLE}.example")),
    ("mbox, full-width @", agent(mbox=f"mailto:{{who}}{FULL_WIDTH_AT}example.org")),
    ("mbox_sha1sum, address instead", agent(mbox_sha1sum="{who}@example.org")),
    ("openid, own host", agent(openid="https://{who}.example/")),
    ("openid, path", agent(openid="https://openid.example.org/id/{who}")),
    ("openid, path and name", agent(openid="https://openid.example.org/id/{who}", name=FULL_NAME)),
    ("openid, fragment", agent(openid="https://openid.example.org/#{who}")),
    ("openid, user part", agent(openid="https://{who}:secret@openid.example.org/")),
    ("openid, address", agent(openid="https://openid.example.org/{who}%40example.com")),
    ("openid, no link", agent(openid="{who}")),
    ("name only", agent(name=FULL_NAME)),
    ("name only, address", agent(name="{who}@example.org")),
    ("account and mbox", account("{who}", mbox=MAILBOX)),
    ("number and mbox", account("42", mbox=MAILBOX)),
    ("mbox and openid", agent(mbox=MAILBOX, openid="https://{who}.example/")),
    (
        "all identifiers",
        account("{who}", mbox=MAILBOX, openid="https://{who}.example/", name=FULL_NAME),
    ),
    ("group, anonymous", group(name="{who}", member=[agent(mbox="mailto:a@example.org")])),
    ("group, anonymous, members", group(member=[account("{who}"), agent(mbox=MAILBOX)])),
    ("group, anonymous, no members", group(name=FULL_NAME)),
    (
        "group, members of all forms",
        group(
            name="Team",
            member=[
                account("{who}", name=FULL_NAME),
                agent(mbox="{who}@example.org", name=FULL_NAME),
                agent(openid="https://openid.example.org/id/{who}"),
                agent(name="{who}"),
                account("42", home="https://{who}@lms.example.org"),
            ],
        ),
    ),
    ("group, address", group(mbox=MAILBOX)),
    ("group, address and name", group(mbox=MAILBOX, name="Team of {who}")),
    (
        "group, address and members",
        group(mbox="mailto:team-{who}@example.org", member=[agent(mbox=MAILBOX)]),
    ),
    (
        "group, account and members",
        group(account={"homePage": HOME, "name": "{who}"}, member=[account("{who}.b")]),
    ),
    ("group, openid", group(openid="https://openid.example.org/id/{who}", member=[])),
    ("group in a group", group(member=[group(name="{who}", member=[agent(mbox=MAILBOX)])])),
    ("group, type of an agent", agent(name="Team", member=[account("{who}")])),
    ("group, one member, no list", group(member=agent(mbox=MAILBOX, name=FULL_NAME))),
    ("group, member is a string", group(member=["{who}@example.org", "{who}", None, 42])),
    ("group, members are a string", group(member="{who}@example.org")),
    ("group, members in lists", group(member=[[account("{who}")], [[agent(mbox=MAILBOX)]]])),
    ("mbox, list", agent(mbox=[MAILBOX, "{who}@example.net"])),
    ("mbox, object", agent(mbox={"value": MAILBOX, "more": {"deep": ["{who}"]}})),
    ("mbox, number", agent(mbox=42, name=FULL_NAME)),
    ("mbox, null", agent(mbox=None, name=FULL_NAME)),
    ("mbox, null, and account", account("{who}", mbox=None)),
    ("mbox, empty, and openid", agent(mbox="", openid="https://{who}.example/")),
    ("account, string", agent(account="{who}")),
    ("account, address as a string", agent(account="{who}@example.org")),
    ("account, list", agent(account=[{"homePage": HOME, "name": "{who}"}, "{who}"])),
    ("account, number", agent(account=42, name=FULL_NAME)),
    ("account, null", agent(account=None, mbox="{who}@example.org")),
    ("account, empty", agent(account={}, name=FULL_NAME)),
    ("account, in an account", agent(account={"account": {"homePage": HOME, "name": "{who}"}})),
    ("account, key is the address", agent(account={"{who}@example.org": 1})),
    (
        "account, further keys",
        agent(account={"homePage": HOME, "name": "42", "email": "{who}@a.test", "id": "{who}"}),
    ),
    ("account name, list", account(["{who}", "{who}@example.org"])),
    ("account name, object", account({"first": "Anna", "last": "{who}", "at": {"x": MAILBOX}})),
    ("account name, number", account(42, name=FULL_NAME)),
    ("account name, null", account(None, home="https://{who}@lms.example.org")),
    ("account name, true", account(True, name="{who}")),
    ("home page, list", account("42", home=["https://{who}@lms.example.org"])),
    ("home page, object", account("{who}", home={"url": "https://{who}@lms.example.org"})),
    ("home page, null", account("{who}", home=None)),
    ("home page, number", account("{who}", home=42)),
    ("openid, list", agent(openid=["https://openid.example.org/id/{who}"])),
    ("openid, object", agent(openid={"url": "https://{who}.example/"})),
    ("openid, null", agent(openid=None, name=FULL_NAME)),
    ("name, list", agent(mbox="mailto:a@example.org", name=[FULL_NAME, "{who}"])),
    ("name, object", agent(mbox="mailto:a@example.org", name={"en": FULL_NAME})),
    ("name, number", account("{who}", name=42)),
    ("name, null", account("{who}", name=None)),
    ("object type, unknown", {"objectType": "Person", "mbox": MAILBOX, "name": FULL_NAME}),
    ("object type, the person", {"objectType": "{who}", "mbox": MAILBOX}),
    ("object type, list", {"objectType": ["Agent", "{who}"], "mbox": MAILBOX}),
    ("object type, null", {"objectType": None, "account": {"homePage": HOME, "name": "{who}"}}),
    ("keys in capitals", {"objectType": "Agent", "Mbox": MAILBOX, "NAME": FULL_NAME}),
    ("further keys", agent(email="{who}@example.org", username="{who}", id=MAILBOX)),
    ("key is the address", {"objectType": "Agent", "{who}@example.org": "x"}),
]
