"""Loads statements into the raw table as the LRS would store them, each id once.

The calling thread reads and checks the lines; one worker asks ClickHouse which ids it already
has and inserts the others. So Python and the engine each have a core, and two batches are in
memory at a time.
"""

import gzip
import json
import re
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import orjson
from clickhouse_connect.driver.client import Client
from numpy.typing import NDArray

from oars.connection import OarsError, reason
from oars.files import open_private
from oars.raw_tables import qualified, table_columns
from oars.read import HEAD_BYTES, as_utf8, refuse_other_things, statement_texts, with_head

MEBIBYTE = 1024 * 1024
READ_BYTES = MEBIBYTE

INSERT_SETTINGS = {
    # A batch may reach over many months.
    "max_partitions_per_insert_block": 0,
    # The next batch must find the ids of this one.
    "async_insert": 0,
    # Ids are what counts: a replicated table would refuse the bytes of a block that was deleted.
    "insert_deduplicate": 0,
}

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What DateTime64(6) can hold, in microseconds.
FIRST_TIME = -2_208_988_800_000_000  # 1900-01-01
LAST_TIME = 10_413_791_999_999_999  # 2299-12-31 23:59:59.999999

is_unusual = re.compile(r"[tz]|[T ]24|:60").search
LEAP_SECOND = re.compile(r"(:\d\d):60(?!\d)")
MIDNIGHT = re.compile(r"([T ])24((?::?00){0,2}(?:[.,]0*)?(?=[Z+-]|$))")

is_uuid = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch

Ids = NDArray[np.bytes_]
"""Ids as ClickHouse stores them, 16 bytes each."""


class Unstorable(Exception):
    """A line that cannot be stored; the message is the reason."""


def batch_bytes(client: Client, table: str) -> int:
    """How much text to load at a time: more, the more the table holds.

    Small batches are kindest to memory, but each reads the table's whole column of ids.
    """
    rows = int(client.query(f"select count() from {table}").result_rows[0][0])
    return min(16 + rows // 500_000, 128) * MEBIBYTE


@dataclass
class Counts:
    """What became of the lines. Read = stored + already there + repeated + rejected."""

    read: int = 0
    stored: int = 0
    already_there: int = 0
    repeated: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


@dataclass
class Batch:
    """Statements to store: hexadecimal ids, microseconds and texts, side by side."""

    ids: list[str] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)


Reject = Callable[[int, str, bytes], None]
"""Takes the number, the reason and the text of a line that cannot be stored."""


def load_lines(client: Client, table: str, groups: Iterable[list[bytes]], reject: Reject) -> Counts:
    """Store groups of lines; one group is one batch."""
    counts = Counts()
    writer = _Writer(client, table, counts)
    next_line = 1
    with ThreadPoolExecutor(max_workers=1) as worker:
        in_flight: Future[None] | None = None
        for group in groups:
            batch = Batch()
            for line_number, line in enumerate(group, next_line):
                if not line or line.isspace():
                    continue
                for text, event_id, time in _read_line(line, line_number, counts, reject):
                    batch.ids.append(event_id)
                    batch.times.append(time)
                    batch.lines.append(text)
            next_line += len(group)
            if in_flight:
                in_flight.result()
            in_flight = worker.submit(writer.store, batch) if batch.ids else None
        if in_flight:
            in_flight.result()
    return counts


def _read_line(
    line: bytes, line_number: int, counts: Counts, reject: Reject
) -> Iterator[tuple[bytes, str, int]]:
    """The statements of a line that can be stored; the others are counted and rejected."""
    text = line
    try:
        for text, statement in statements_of(line):
            counts.read += 1
            try:
                event_id, time = identified(statement)
            except Unstorable as error:
                counts.rejected[str(error)] += 1
                reject(line_number, str(error), text)
            else:
                yield text, event_id, time
    except (Unstorable, RecursionError) as error:
        # What Python can read it cannot always write again.
        reason = str(error) if isinstance(error, Unstorable) else "nested_too_deep"
        counts.read += 1
        counts.rejected[reason] += 1
        reject(line_number, reason, line)


def identify(line: bytes) -> tuple[str, int]:
    """Give the id and the time, in microseconds since 1970 UTC, of a statement."""
    return identified(_loads(line))


def statements_of(line: bytes) -> Iterator[tuple[bytes, Any]]:
    """Texts and values of the statements in a line: its own, or those wrapped or listed in it."""
    value = _loads(line)
    if not is_wrapper(value):
        yield line, value
        return
    for statement in unwrapped(value):
        yield json.dumps(statement, ensure_ascii=False).encode(errors="surrogatepass"), statement


def is_wrapper(value: Any) -> bool:
    """Whether what is in the value is meant, not the value: a list, a response, a `statement`."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict) for item in value)
    if not isinstance(value, dict) or "verb" in value:
        return False
    return isinstance(value.get("statement"), dict) or isinstance(value.get("statements"), list)


def unwrapped(value: Any) -> Iterator[Any]:
    """What is in a wrapper, and in the wrappers in it."""
    if not is_wrapper(value):
        yield value
        return
    inner = value if isinstance(value, list) else value.get("statement", value.get("statements"))
    for item in inner if isinstance(inner, list) else [inner]:
        yield from unwrapped(item)


def identified(statement: Any) -> tuple[str, int]:
    """Give the id and the time of a statement that has been read."""
    if not isinstance(statement, dict):
        raise Unstorable("not_an_object")
    event_id, timestamp = statement.get("id"), statement.get("timestamp")
    if event_id is None:
        raise Unstorable("no_id")
    if not isinstance(event_id, str) or not is_uuid(event_id):
        raise Unstorable("bad_id")
    if timestamp is None:
        raise Unstorable("no_timestamp")
    return event_id, _microseconds(timestamp)


def _loads(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return _loads_leniently(line)


def _loads_leniently(line: bytes) -> Any:
    """Accept what Python's LRS accepts and orjson refuses: NaN, lone surrogates, a BOM."""
    try:
        # An integer of thousands of digits is JSON, but int() refuses it.
        return json.loads(line.decode("utf-8-sig"), parse_int=float)
    except UnicodeDecodeError:
        raise Unstorable("not_utf8") from None
    except ValueError:
        raise Unstorable("not_json") from None
    except RecursionError:
        raise Unstorable("nested_too_deep") from None


def _microseconds(timestamp: object) -> int:
    """Read an ISO 8601 time; without an offset it is UTC, digits below a microsecond are cut."""
    if not isinstance(timestamp, str):
        raise Unstorable("bad_timestamp")
    text, later = timestamp, timedelta()
    if is_unusual(text):
        # A leap second and 24:00 are the first moment of what follows.
        text = text.upper()
        text, leaps = LEAP_SECOND.subn(r"\1:59", text)
        text, midnights = MIDNIGHT.subn(r"\g<1>00\2", text)
        later = timedelta(seconds=leaps, days=midnights)
    try:
        moment = datetime.fromisoformat(text) + later
    except (ValueError, OverflowError):
        raise Unstorable("bad_timestamp") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    elapsed = moment - EPOCH
    time = (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds
    if not FIRST_TIME <= time <= LAST_TIME:
        raise Unstorable("time_out_of_range")
    return time


class _Writer:
    """Stores batches, leaving out ids that came before."""

    def __init__(self, client: Client, table: str, counts: Counts) -> None:
        self.client = client
        self.table = table
        self.counts = counts
        self.seen = SeenIds()

    def store(self, batch: Batch) -> None:
        """Insert the statements of a batch whose ids are new; the first of an id wins."""
        ids = as_stored(batch.ids)
        distinct, first = np.unique(ids, return_index=True)
        there = np.isin(distinct, stored_ids(self.client, self.table, "event_id", distinct))
        repeated = there & self.seen.contains(distinct, where=there)
        self.counts.repeated += int(ids.size - distinct.size + repeated.sum())
        self.counts.already_there += int(there.sum() - repeated.sum())
        self.seen.add(distinct)

        new = np.sort(first[~there])
        if new.size:
            block = native_block(ids, batch.times, batch.lines, new)
            self.client.raw_insert(
                self.table,
                ["event_id", "emission_time", "event"],
                block,
                INSERT_SETTINGS,
                fmt="Native",
            )
            self.counts.stored += new.size


class SeenIds:
    """Exact set of ids in 16 bytes each: sorted runs, each more than twice as long as the next."""

    def __init__(self) -> None:
        """Begin empty."""
        self.runs: list[Ids] = []

    def add(self, ids: Ids) -> None:
        """Add sorted ids."""
        self.runs.append(ids)
        while len(self.runs) > 1 and self.runs[-2].size <= 2 * self.runs[-1].size:
            merged = np.concatenate([self.runs.pop(), self.runs.pop()])
            # The stable sort merges runs that are sorted already.
            merged.sort(kind="stable")
            self.runs.append(merged)

    def contains(self, ids: Ids, where: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Say of each id whether it is in the set; only those at `where` are looked up."""
        result = np.zeros(ids.size, dtype=np.bool_)
        wanted = np.flatnonzero(where)
        for run in self.runs:
            places = np.minimum(np.searchsorted(run, ids[wanted]), run.size - 1)
            result[wanted] |= run[places] == ids[wanted]
        return result


def as_stored(ids: Iterable[str]) -> Ids:
    """ClickHouse keeps a UUID as two little-endian halves."""
    big_endian = np.frombuffer(bytes.fromhex("".join(ids).replace("-", "")), ">u8")
    return np.frombuffer(big_endian.astype("<u8").tobytes(), "S16")


def stored_ids(client: Client, table: str, column: str, ids: Ids) -> Ids:
    """Give those of the ids that the table has in a column."""
    # One literal of all ids is parsed fast; a list of 50,000 literals is not.
    found = client.raw_query(
        f"select distinct {column} from {table} where {column} in ("
        f"select reinterpretAsUUID(substring(unhex('{ids.tobytes().hex()}'), "
        f"number * 16 + 1, 16)) from numbers({ids.size}))",
        fmt="RowBinary",
        settings={"max_query_size": 1_000_000_000},
    )
    return np.frombuffer(found, "S16")


def insert_event_sink(
    client: Client, database: str, table: str, rows: list[tuple[object, ...]]
) -> int:
    """Insert the rows of an event_sink table whose dump_id it does not have; say how many."""
    if not rows:
        return 0
    # dump_id and time_last_dumped are the last columns of each table.
    dumps = as_stored(str(row[-2]) for row in rows)
    there = np.isin(dumps, stored_ids(client, qualified(database, table), "dump_id", dumps))
    new = [rows[place] for place in np.flatnonzero(~there)]
    if new:
        client.insert(table, new, database=database, settings=INSERT_SETTINGS)
    return len(new)


def insert_operator(
    client: Client, database: str, table: str, rows: list[tuple[object, ...]]
) -> int:
    """Insert the rows of an operator table that it does not have; say how many."""
    columns = table_columns(table)
    listed = f"select {', '.join(columns)} from {qualified(database, table)}"
    there = set(client.query(listed).result_rows)
    new = [row for row in rows if row not in there]
    if new:
        client.insert(table, new, column_names=columns, database=database, settings=INSERT_SETTINGS)
    return len(new)


def native_block(ids: Ids, times: list[int], lines: list[bytes], rows: NDArray[np.intp]) -> bytes:
    """Build a block of the raw table in ClickHouse's Native format from some of the rows."""
    pieces = [
        _varint(3) + _varint(rows.size),
        _column("event_id", "UUID"),
        ids[rows].tobytes(),
        _column("emission_time", "DateTime64(6)"),
        np.array(times, "<i8")[rows].tobytes(),
        _column("event", "String"),
    ]
    for row in rows.tolist():
        line = lines[row]
        pieces.append(_varint(len(line)))
        pieces.append(line)
    return b"".join(pieces)


def _column(name: str, kind: str) -> bytes:
    return b"".join(_varint(len(text)) + text.encode() for text in (name, kind))


@cache
def _varint(number: int) -> bytes:
    """Seven bits a byte, the least first, the high bit says that more follow."""
    if number < 0x80:
        return bytes((number,))
    if number < 0x4000:
        return bytes((number & 0x7F | 0x80, number >> 7))
    return bytes((number & 0x7F | 0x80,)) + _varint(number >> 7)


class Source:
    """A file of statements, or standard input; compressed or not."""

    def __init__(self, name: str, stack: ExitStack) -> None:
        """Open it until the stack is closed; OSError if that is not possible."""
        self.name = name
        self.path = Path("stdin.ndjson" if name == "-" else name)
        self.size: int | None = None
        """Bytes to read, if known."""
        self.damage: str | None = None
        """Why reading stopped before the end, if it did."""
        if name == "-":
            self._raw = cast(BufferedReader, sys.stdin.buffer)
        else:
            self._raw = stack.enter_context(self.path.open("rb"))
            self.size = self.path.stat().st_size
        is_gzip = self._raw.peek(2)[:2] == b"\x1f\x8b"
        self._text = gzip.GzipFile(fileobj=self._raw) if is_gzip else self._raw

    def bytes_read(self) -> int:
        """Bytes read so far, compressed ones where the file is compressed."""
        return self._raw.tell() if self._raw.seekable() else 0

    def groups(self, group_bytes: int) -> Iterator[list[bytes]]:
        """Read statements' texts, mostly lines, in groups of about so many bytes."""
        group: list[bytes] = []
        size = 0
        for texts in statement_texts(self._utf8()):
            group += texts
            size += sum(map(len, texts))
            if size >= group_bytes:
                yield group
                group, size = [], 0
        yield group

    def _utf8(self) -> Iterator[bytes]:
        """The text in parts; NotStatements of what is plainly something else."""
        head, parts = with_head(as_utf8(iter(self._read, b"")), HEAD_BYTES)
        refuse_other_things(self.name, head)
        return parts

    def _read(self) -> bytes:
        """The next bytes; of a damaged file all that comes before the damage."""
        try:
            # read() would lose what it has gathered when it comes to the damage.
            return self._text.read1(READ_BYTES)
        except (EOFError, OSError, zlib.error) as error:
            self.damage = reason(error).removesuffix(".")
            return b""


class RejectsFile:
    """Collects the lines that cannot be stored; the file is made with the first of them."""

    def __init__(self, path: Path) -> None:
        """Remember where; nothing is made yet."""
        self.path = path
        self._file: BinaryIO | None = None

    def add(self, line_number: int, reason_given: str, line: bytes) -> None:
        """Write one line; bytes that are not UTF-8 are written as \\x escapes."""
        text = line.decode("utf-8", "backslashreplace")
        entry = {"line_number": line_number, "reason": reason_given, "text": text}
        try:
            if self._file is None:
                self._file = open_private(self.path)
            self._file.write(orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE))
        except OSError as error:
            raise OarsError(
                f"The rejects file {self.path} cannot be written ({reason(error)}): "
                "name another with --rejects."
            ) from error

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()


def default_rejects_path(source: Source) -> Path:
    """NAME.rejects.ndjson beside the input; in the current folder for standard input."""
    name = source.path.name
    for suffix in (".gz", ".ndjson"):
        name = name.removesuffix(suffix)
    return source.path.with_name(f"{name}.rejects.ndjson")
