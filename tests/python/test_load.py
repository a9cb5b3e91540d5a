"""`oars load`: what is stored, what is rejected, and that a second load changes nothing."""

import gzip
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from oars.load import Unstorable, identify
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
