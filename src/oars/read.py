"""What people have at hand, as statements: one a line, a list, a response of a record store."""

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain

import orjson

from oars.connection import OarsError

BOM = codecs.BOM_UTF8
BLANK = b" \t\r\n"
HEAD_BYTES = 64 * 1024

TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]"]', re.DOTALL)
# A response begins with its statements, or with what is said of them.
RESPONSE = re.compile(rb'\{\s*(?:"[^"]*"\s*:\s*(?:"[^"]*"|[\w.+-]+)\s*,\s*)*"statements"\s*:\s*\[')


class NotStatements(OarsError):
    """A file of something else; the message says of what, and what is wanted."""


WANTED = "wanted are xAPI statements as JSON: one a line, a list, or a record store's response."


def refuse_other_things(name: str, head: bytes) -> None:
    """Stop at what is plainly something else: a tracking log or a table."""
    first = head.removeprefix(BOM).lstrip(BLANK).split(b"\n", 1)[0].strip(BLANK)
    if b'"event_source"' in head and b'"event_type"' in head and b'"verb"' not in head:
        raise NotStatements(
            f"{name} is a tracking log of Open edX, which event-routing-backends makes statements "
            f"of: {WANTED}"
        )
    if first and first[:1] not in b'{["' + BOM and re.search(rb"[,;\t|]", first):
        raise NotStatements(f"{name} is a table (CSV or alike): {WANTED}")
    if first[:1] == b'"' and re.match(rb'"[^"{]*"\s*[,;\t|]', first):
        raise NotStatements(f"{name} is a table (CSV or alike): {WANTED}")


def as_utf8(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same text in UTF-8, where it comes in UTF-16."""
    first, incoming = with_head(parts, 2)
    kind = utf16_of(first)
    if kind is None:
        yield from incoming
        return
    decoder = codecs.getincrementaldecoder(kind)("replace")
    for part in incoming:
        yield decoder.decode(part).encode()
    yield decoder.decode(b"", final=True).encode()


def with_head(parts: Iterable[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes of a text, so many if it has them, and all of its parts."""
    incoming = iter(parts)
    head = b""
    for part in incoming:
        head += part
        if len(head) >= size:
            break
    return head[:size], chain([head], incoming)


def utf16_of(head: bytes) -> str | None:
    """Which UTF-16 a text begins in, if any: by its mark, or by the zero beside a bracket."""
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    if head[1:2] == b"\0" and head[:1] in (b"{", b"["):
        return "utf-16-le"
    return "utf-16-be" if head[:1] == b"\0" and head[1:2] in (b"{", b"[") else None


def statement_texts(parts: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The statements' texts, part by part: the lines, or the values where they are longer."""
    head, whole = with_head(parts, HEAD_BYTES)
    yield from values(whole) if is_of_values(head) else lines(whole)


def is_of_values(head: bytes) -> bool:
    """Whether a text is a list, a response, or has values of several lines."""
    text = head.removeprefix(BOM).lstrip(BLANK)
    if text[:1] == b"[":
        return text[1:].lstrip(BLANK)[:1] in (b"", b"{", b"]")
    if RESPONSE.match(text):
        return True
    first, _, rest = text.partition(b"\n")
    # Of a damaged line the next one begins anew.
    return text[:1] == b"{" and rest.lstrip(BLANK)[:1] not in (b"", b"{") and not is_json(first)


def is_json(text: bytes) -> bool:
    """Whether a text is JSON."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def lines(parts: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The lines of a text, without their ends."""
    rest = b""
    for part in parts:
        found = (rest + part).split(b"\n")
        rest = found.pop()
        yield [line.removesuffix(b"\r") for line in found]
    if rest:
        yield [rest.removesuffix(b"\r")]


def values(parts: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The values of a text, each on one line; of lists and responses their items."""
    scanner = _Scanner()
    for number, part in enumerate(parts):
        yield scanner.feed(part if number else part.removeprefix(BOM))
    yield scanner.end()


class _Scanner:
    """Finds where values begin and end, by their brackets outside of texts."""

    def __init__(self) -> None:
        self.text = b""
        self.seen = 0
        """Up to where tokens have been looked at."""
        self.begun = 0
        """Where the value begins, or what is between two."""
        self.depth = 0
        self.levels = [0]
        """The depths whose items are values; the last counts."""
        self.rest_of: int | None = None
        """The depth of a response whose statements have ended: what follows in it says no more."""
        self.key = b""

    def feed(self, part: bytes) -> list[bytes]:
        """The values that are whole with this part."""
        found: list[bytes] = []
        self.text += part
        for token in TOKEN.finditer(self.text, self.seen):
            mark = token[0]
            if mark == b'"':
                # A text that ends in a later part.
                self.seen = token.start()
                break
            self.seen = token.end()
            if mark[:1] == b'"':
                self.key = mark
            elif mark in b"{[":
                self._open(mark, token.start(), found)
            else:
                self._close(mark, token.end(), found)
        self.text = self.text[self.begun :]
        self.seen -= self.begun
        self.begun = 0
        return found

    def end(self) -> list[bytes]:
        """What is left without an end."""
        found: list[bytes] = []
        self._between(len(self.text), found)
        return found

    def _open(self, mark: bytes, start: int, found: list[bytes]) -> None:
        level = self.levels[-1]
        is_list_of_values = mark == b"[" and (
            self.depth == level or (self.depth == level + 1 and self.key == b'"statements"')
        )
        if is_list_of_values and self.rest_of is None and len(self.levels) < 3:
            if self.depth == level:
                self._between(start, found)
            self.levels.append(self.depth + 1)
            self.begun = start + 1
        elif self.depth == level and self.rest_of is None:
            self._between(start, found)
            self.begun = start
            self.key = b""
        self.depth += 1

    def _close(self, mark: bytes, end: int, found: list[bytes]) -> None:
        self.depth -= 1
        level = self.levels[-1]
        if len(self.levels) > 1 and self.depth == level - 1 and mark == b"]":
            self._between(end - 1, found)
            self.levels.pop()
            self.rest_of = self.depth if self.depth > self.levels[-1] else None
            self.begun = end
        elif self.rest_of is not None:
            self.begun = end
            if self.depth < self.rest_of:
                self.rest_of = None
        elif self.depth == level:
            found.append(on_one_line(self.text[self.begun : end]))
            self.begun = end
        # Brackets that nothing opened.
        self.depth = max(self.depth, 0)

    def _between(self, end: int, found: list[bytes]) -> None:
        """Between values are blanks and commas; what else is there is no statement."""
        between = self.text[self.begun : end].strip(BLANK + b",")
        if between and self.rest_of is None:
            found.append(on_one_line(between))


def on_one_line(text: bytes) -> bytes:
    """A value without the ends of its lines and what indents them: no text has an end in it."""
    return b"".join(line.strip(BLANK) for line in text.split(b"\n"))
