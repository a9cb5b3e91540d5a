"""Statements as nobody should send them: mutations of the corpus, each a function of its number.

python xapi_mutations.py 20000 > statements.tsv    # id, time and body in hexadecimal
"""

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any
from uuid import UUID

import xapi_corpus as corpus

ODD_VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 1e308, -1e308, 1e-320, 2**63, -(2**63) - 1, 10**40, 0.1,
    "", " ", "0", "-0.0", "1e400", "NaN", "null", "true", "[]", "{}", "x" * 3000, "\0", "a\0b",
    "\ud83d", "\udc00\ud800", "é", "日本", "\u202e", "💡" * 50, "a@example.com", "%", "%2B%", "\\",
    '"', "'", "PT", "PT-1S", "P1Y2M3DT4H5M6S", "1900-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    [], {}, [[]], [None], [{}], {"": ""}, {"id": []}, {"id": {"id": 1}}, {"definition": []},
    "course-v1:", "course-v1:++", "block-v1:", "block-v1:course-v1:a+b+c", "i4x://", "a/b/c",
    {"account": {"name": ["x"]}}, {"mbox": "mailto:a@example.com"}, {"raw": "5", "max": 0},
]  # fmt: skip
ODD_TIMES = [
    *("1900-01-01 00:00:00", "1970-01-01 00:00:00", "2011-12-31 23:59:59.999999"),
    *("2100-01-01 00:00:00", "2299-12-31 23:59:59.999999"),
]
Path = list[Any]


def paths(tree: Any, here: tuple[Any, ...] = ()) -> Iterator[Path]:
    """Where a tree has a value."""
    if here:
        yield list(here)
    if isinstance(tree, dict | list):
        pairs: Any = tree.items() if isinstance(tree, dict) else enumerate(tree)
        for key, value in pairs:
            yield from paths(value, (*here, key))


def odd_value(draw: random.Random) -> Any:
    return deepcopy(draw.choice(ODD_VALUES))


def dropped(_: random.Random, __: Any) -> Any:
    return None


def swapped(draw: random.Random, _: Any) -> Any:
    return odd_value(draw)


def wrapped(draw: random.Random, value: Any) -> Any:
    return draw.choice([[value], {"0": value}, [value, value], json.dumps(value), str(value)])


def unwrapped(_: random.Random, value: Any) -> Any:
    if isinstance(value, dict):
        return list(value.values())
    return dict(enumerate(value)) if isinstance(value, list) else None


def with_more(draw: random.Random, value: Any) -> Any:
    if isinstance(value, dict):
        return value | {draw.choice(["id", "extensions", "", "x.y", "object"]): odd_value(draw)}
    return [*value, odd_value(draw)] if isinstance(value, list) else value


TREE_CHANGES: list[Callable[[random.Random, Any], Any]] = [
    dropped, swapped, swapped, swapped, wrapped, unwrapped, with_more,
]  # fmt: skip


def change_tree(draw: random.Random, tree: Any) -> Any:
    """One value of a tree replaced, or gone."""
    where: Path = draw.choice(list(paths(tree)) or [[""]])
    above, last = where[:-1], where[-1]
    parent = tree
    for key in above:
        parent = parent[key]
    if not isinstance(parent, dict | list) or last == "":
        return odd_value(draw)
    change = draw.choice(TREE_CHANGES)
    if change is dropped:
        del parent[last]
    else:
        parent[last] = change(draw, parent[last])
    return tree


def flipped(draw: random.Random, text: bytes) -> bytes:
    changed = bytearray(text)
    for _ in range(draw.choice([1, 1, 3, 30])):
        if changed:
            changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def cut(draw: random.Random, text: bytes) -> bytes:
    return text[: draw.randrange(len(text) + 1)]


def without_piece(draw: random.Random, text: bytes) -> bytes:
    start = draw.randrange(len(text) + 1)
    return text[:start] + text[start + draw.randrange(20) :]


def with_key_twice(draw: random.Random, text: bytes) -> bytes:
    key = draw.choice(["id", "actor", "verb", "object", "context", "result", "timestamp"])
    return text.replace(b"{", f'{{"{key}": {json.dumps(odd_value(draw))}, '.encode(), 1)


def with_bare_word(draw: random.Random, text: bytes) -> bytes:
    word = draw.choice([b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-0", b"01", b"\\ud800"])
    before, colon, after = text.partition(draw.choice([b": ", b'": "']))
    return before + colon + word + after[draw.randrange(5) :]


def in_other_dress(draw: random.Random, text: bytes) -> bytes:
    return draw.choice(
        [b"\xef\xbb\xbf" + text, b"\n\t " + text + b"\n", b"[" + text + b"]", text + text, b'"']
    )


def very_deep(draw: random.Random, text: bytes) -> bytes:
    depth = draw.choice([100, 511, 513, 3000])
    return text.replace(b"}", b', "deep": ' + b"[" * depth + b"]" * depth + b"}", 1)


def very_long(draw: random.Random, text: bytes) -> bytes:
    word = draw.choice([b"a", b"\\\\", b"\\u00e9", b"{", b"a@b.cd "])
    return text.replace(b'": "', b'": "' + word * (1_000_000 // len(word)), 1)


TEXT_CHANGES = [flipped, cut, without_piece, with_key_twice, with_bare_word, in_other_dress]
RARE_CHANGES = [very_deep, very_long]


def mutated(number: int) -> tuple[UUID, str, bytes]:
    """A statement as the raw table has it: its id, time and body."""
    draw = random.Random(number)
    case = draw.choice(corpus.ALL)
    body = case.body
    if draw.random() < 0.8:
        try:
            tree = json.loads(body)
        except (ValueError, RecursionError):
            tree = {}
        for _ in range(draw.choice([1, 1, 1, 2, 5])):
            tree = change_tree(draw, tree)
        # Python writes what it was given: NaN and lone surrogates too.
        body = json.dumps(tree, ensure_ascii=draw.random() < 0.5).encode(errors="surrogatepass")
    if draw.random() < 0.4:
        body = draw.choice(TEXT_CHANGES)(draw, body)
    if draw.random() < 0.0005:
        body = draw.choice(RARE_CHANGES)(draw, body)
    time = draw.choice(ODD_TIMES) if draw.random() < 0.02 else case.emission_time
    if number and draw.random() < 0.02:
        # Another body for an id that is there.
        earlier_id, time, _ = mutated(draw.randrange(number))
        return earlier_id, time, body
    return UUID(int=number), time, body
