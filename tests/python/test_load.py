"""`oars load`: what is stored, what is rejected, and that a second load changes nothing."""

import gzip
import json
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from oars.load import Unstorable, identify, statements_of
from oars.read import as_utf8, statement_texts
from oars_site import Site, counts

ID = "8f4b1c1e-6e0f-5d0a-9d3c-2f6f3c1b7a{:02x}"


def statement(number: int, timestamp: str = "2026-03-01T10:00:00+00:00", **more: Any) -> bytes:
    body = {"id": ID.format(number), "timestamp": timestamp, "verb": {"id": "x"}, **more}
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("timestamp", "microseconds"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1970-01-01T02:00:00.000001+02:00", 1),
        ("1970-01-01T00:00:00.5-00:30", 1_800_500_000),
        ("1970-01-01T00:00:00.1234567Z", 123_456),
        ("1970-01-01T00:00:00", 0),
        ("1969-12-31T23:59:59.9+00:00", -100_000),
        ("1900-01-01T00:00:00Z", -2_208_988_800_000_000),
        ("2299-12-31T23:59:59.999999Z", 10_413_791_999_999_999),
        ("1970-01-01t00:00:01.5z", 1_500_000),
        ("1970-01-01t02:00:00+02:00", 0),
        ("1972-06-30T23:59:60Z", 78_796_800_000_000),
        ("1972-07-01T01:59:60.5+02:00", 78_796_800_500_000),
        ("1970-01-01T24:00:00Z", 86_400_000_000),
        ("1970-01-01T24:00", 86_400_000_000),
        ("1970-01-01T00:24:00Z", 1_440_000_000),
    ],
)
def test_time_is_read_as_utc_to_the_microsecond(timestamp: str, microseconds: int) -> None:
    assert identify(statement(1, timestamp)) == (ID.format(1), microseconds)


@pytest.mark.parametrize(
    "line",
    [
        statement(1, text="\ud800"),
        statement(1, score=float("nan")),
        statement(1)[:-1] + b', "n": ' + b"9" * 5000 + b"}",
        b"\xef\xbb\xbf" + statement(1),
        b"  " + statement(1) + b"  ",
    ],
    ids=["lone surrogate", "NaN", "huge number", "BOM", "blanks around"],
)
def test_what_pythons_json_reads_is_storable(line: bytes) -> None:
    assert identify(line)[0] == ID.format(1)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (statement(1)[:-9], "not_json"),
        (b"\x00\x00", "not_json"),
        (b'{"id": "\xff"}', "not_utf8"),
        (b"[" * 100_000, "nested_too_deep"),
        (b"[1]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"timestamp": "2026-03-01T10:00:00Z"}', "no_id"),
        (b'{"id": null, "timestamp": "2026-03-01T10:00:00Z"}', "no_id"),
        (b'{"id": "17", "timestamp": "2026-03-01T10:00:00Z"}', "bad_id"),
        (b'{"id": 17, "timestamp": "2026-03-01T10:00:00Z"}', "bad_id"),
        (b'{"id": "%s"}' % ID.format(1).encode(), "no_timestamp"),
        (statement(1, "yesterday"), "bad_timestamp"),
        (statement(1, "2026-02-30T00:00:00Z"), "bad_timestamp"),
        (statement(1, ""), "bad_timestamp"),
        (statement(1, "2026-01-01T24:00:01Z"), "bad_timestamp"),
        (statement(1, "2026-01-01T23:59:61Z"), "bad_timestamp"),
        (statement(1, "9999-12-31T24:00:00Z"), "bad_timestamp"),
        (statement(1, "1899-12-31T23:59:59Z"), "time_out_of_range"),
        (statement(1, "2300-01-01T00:00:00Z"), "time_out_of_range"),
        (statement(1, "0001-01-01T00:00:00+14:00"), "time_out_of_range"),
    ],
)
def test_what_cannot_be_stored_has_a_reason(line: bytes, reason: str) -> None:
    with pytest.raises(Unstorable, match=reason):
        identify(line)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("load"))
    assert site.oars("init").code == 0
    return site


STORED = "select event_id, emission_time, event from xapi.xapi_events_all order by event_id"


@pytest.mark.parametrize("opening", [b'{"statement": ', b'{"statement": {"id": ['])
def test_line_that_is_nested_too_deep_is_rejected(site: Site, opening: bytes) -> None:
    """Around a thousand levels Python reads what it cannot write: they are tried one by one."""
    closing = {ord("{"): b"}", ord("["): b"]"}
    shut = b"".join(closing[sign] for sign in reversed(opening) if sign in closing)
    lines = [opening * levels + b"1" + shut * levels for levels in range(300, 1100, 7)]
    run = site.oars("load", "-", stdin=b"\n".join(lines))
    assert (run.code, "Traceback" in run.err) == (1, False)


def test_file_is_stored_line_by_line_and_only_once(site: Site) -> None:
    good = [
        statement(1, "2026-03-01T12:30:00.000001+02:00"),
        statement(2, "2020-01-01T00:00:00Z", score=float("nan"), name="Ünïcode\t'quoted'"),
        b"\xef\xbb\xbf" + statement(3),
    ]
    truncated, not_text = statement(4)[:50], b'{"id": "\xff"}'
    lines = [good[0], b"", good[1] + b"\r", truncated, good[0], b"  ", good[2], not_text]
    file = site.folder / "statements.ndjson.gz"
    file.write_bytes(gzip.compress(b"\n".join(lines)))

    run = site.oars("load", file)

    assert run.code == 0, run.err
    assert counts(run) == [
        ("read", "6"),
        ("stored", "3"),
        ("already there", "0"),
        ("repeated in the file", "1"),
        ("rejected", "2"),
        ("not_json", "1"),
        ("not_utf8", "1"),
    ]
    rejects = site.folder / "statements.rejects.ndjson"
    assert [json.loads(line) for line in rejects.read_text().splitlines()] == [
        {"line_number": 4, "reason": "not_json", "text": truncated.decode()},
        {"line_number": 8, "reason": "not_utf8", "text": '{"id": "\\xff"}'},
    ]
    stored = site.query(STORED)
    assert [row["event"].encode() for row in stored] == good
    assert [(row["event_id"], row["emission_time"]) for row in stored] == [
        (ID.format(1), "2026-03-01 10:30:00.000001"),
        (ID.format(2), "2020-01-01 00:00:00.000000"),
        (ID.format(3), "2026-03-01 10:00:00.000000"),
    ]

    # From standard input, uncompressed; one of the ids now claims another time.
    lines[0] = statement(1, "2021-01-01T00:00:00Z")
    again = site.oars("load", "-", stdin=b"\n".join(lines))

    assert again.code == 0, again.err
    assert ("already there", "3") in counts(again)
    assert (site.folder / "stdin.rejects.ndjson").exists()
    assert site.query(STORED) == stored


def test_damaged_file_is_loaded_up_to_the_damage_and_the_others_whole(site: Site) -> None:
    whole, damaged = site.folder / "whole.ndjson", site.folder / "damaged.ndjson.gz"
    damaged.write_bytes(gzip.compress(statement(10) + b"\n" + statement(11, pad="x" * 9))[:-20])
    whole.write_bytes(statement(12))

    run = site.oars("load", damaged, "missing.ndjson", whole)

    assert run.code == 1
    assert "damaged.ndjson.gz is damaged" in run.err
    assert "missing.ndjson cannot be read: No such file or directory." in run.err
    assert "Traceback" not in run.err
    ids = {row["event_id"] for row in site.query(STORED)}
    assert ids >= {ID.format(10), ID.format(12)}
    assert not (site.folder / "whole.rejects.ndjson").exists()


def _load_groups(folder: Path, groups: list[list[bytes]]) -> dict[str, Any]:
    from dbt.adapters.chdb.connections import open_folder
    from oars.load import load_lines

    def reject(line_number: int, reason: str, line: bytes) -> None:
        raise AssertionError(reason)

    client = open_folder(str(folder))
    return asdict(load_lines(client, "xapi.xapi_events_all", groups, reject))


def test_repeats_are_told_from_statements_of_an_earlier_load_across_batches(site: Site) -> None:
    groups = [[statement(n) for n in range(first, first + 5)] for first in (100, 102, 100, 104)]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        first = process.submit(_load_groups, site.data, groups).result()
        second = process.submit(_load_groups, site.data, groups).result()
    assert first == {"read": 20, "stored": 9, "already_there": 0, "repeated": 11, "rejected": {}}
    assert second == {"read": 20, "stored": 0, "already_there": 9, "repeated": 11, "rejected": {}}


def given(form: str, statements: list[bytes]) -> bytes:
    """Statements as people have them."""
    bodies = [json.loads(each) for each in statements]
    pretty = json.dumps(bodies, indent=2)
    return {
        "list": lambda: b"[" + b", ".join(statements) + b"]",
        "list of lines": lambda: b"[\n" + b",\n".join(statements) + b"\n]\n",
        "response": lambda: b'{"more": "", "statements": [' + b",".join(statements) + b"]}",
        "responses": lambda: b"".join(
            b'{"statements": [%s], "more": "/x"}\n' % s for s in statements
        ),
        "wrapped": lambda: b"".join(b'{"_id": 1, "statement": %s}\n' % s for s in statements),
        "list of wrapped": lambda: (
            b"[" + b",".join(b'{"statement": %s}' % s for s in statements) + b"]"
        ),
        "lists in lines": lambda: b"".join(b"[%s]\n" % s for s in statements),
        "pretty list": lambda: pretty.encode(),
        "pretty response": lambda: json.dumps(
            {"statements": bodies, "more": ""}, indent=4
        ).encode(),
        "pretty one by one": lambda: "\n".join(json.dumps(b, indent=1) for b in bodies).encode(),
        "with a BOM": lambda: ("\ufeff" + pretty).encode(),
        "UTF-16": lambda: b"\n".join(statements).decode().encode("utf-16"),
        "UTF-16 without a BOM": lambda: pretty.encode("utf-16-be"),
    }[form]()


FORMS = [
    *("list", "list of lines", "response", "responses", "wrapped", "list of wrapped"),
    *("lists in lines", "pretty list", "pretty response", "pretty one by one", "with a BOM"),
    *("UTF-16", "UTF-16 without a BOM"),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1, 7, 1_000_000])
def test_statements_are_found_in_whatever_form_they_come(form: str, size: int) -> None:
    sent = [statement(n, text='[{"}', more=[{"a": [1.0]}, 'é"\\']) for n in range(20)]
    whole = given(form, sent)
    parts = [whole[start : start + size] for start in range(0, len(whole), size)]
    texts = [text for some in statement_texts(as_utf8(parts)) for text in some]
    found = [value for text in texts for _, value in statements_of(text)]
    assert found == [json.loads(each) for each in sent]


def test_what_is_no_statement_in_a_list_is_rejected_and_the_others_stored(site: Site) -> None:
    good, broken = [statement(n) for n in (30, 31)], b'{"id": "x", "text": "cut'
    file = site.folder / "list.json"
    file.write_bytes(b"[" + good[0] + b', 7, {"id": 1},' + good[1] + b", " + broken)

    run = site.oars("load", file)

    assert run.code == 0, run.err
    assert ("stored", "2") in counts(run)
    rejects = (site.folder / "list.json.rejects.ndjson").read_text().splitlines()
    assert [json.loads(line)["reason"] for line in rejects] == [
        "not_an_object",
        "bad_id",
        "not_json",
    ]


def test_damaged_first_line_takes_no_other_with_it(site: Site) -> None:
    lines = [statement(40)[:-30], statement(41), statement(42)]
    run = site.oars("load", "-", "--rejects", site.folder / "r", stdin=b"\n".join(lines))
    assert run.code == 0, run.err
    assert [counts(run)[1], counts(run)[4]] == [("stored", "2"), ("rejected", "1")]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "tracking.log",
            b'{"username": "ann", "event_type": "play_video", "event_source": "browser"}\n' * 3,
            "is a tracking log of Open edX",
        ),
        (
            "server.log",
            b'Mar 1 10:00:00 lms [tracking] INFO {"event_type": "x", "event_source": "server"}\n',
            "is a tracking log of Open edX",
        ),
        ("grades.csv", b"id,verb,actor\n1,passed,ann\n", "is a table"),
        ("quoted.csv", b'"id";"verb"\n"1";"passed"\n', "is a table"),
        ("utf16.tsv", "id\tverb\n1\tpassed\n".encode("utf-16"), "is a table"),
        ("notes.txt", b"nothing of use\n", "Nothing of"),
        ("others.json", b'[{"name": "ann"}, {"name": "bob"}]', "Nothing of"),
    ],
)
def test_file_of_something_else_is_told_in_one_sentence(
    site: Site, name: str, text: bytes, words: str
) -> None:
    file = site.folder / name
    file.write_bytes(text)
    run = site.oars("load", file)
    assert run.code == 1
    assert words in run.err
    assert "wanted are xAPI statements" in run.err
    assert run.err.count("\n") == 1


def test_file_of_nothing_and_of_what_is_there_is_no_error(site: Site) -> None:
    for text in (b"", b"\n\n", statement(50), statement(50)):
        assert site.oars("load", "-", stdin=text).code == 0


def test_large_list_is_not_held_in_memory() -> None:
    line = statement(1, text="x" * 1000)
    parts = chain([b"["], (line + b"," for _ in range(20_000)), [b"null]"])
    tracemalloc.start()
    assert sum(len(some) for some in statement_texts(as_utf8(parts))) == 20_001
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
