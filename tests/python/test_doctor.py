"""`oars doctor`: each bad state is made, and found; a site that is well is called well."""

import json
import re
import socket
import socketserver
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError

import pytest
import yaml

from oars import look_at_server
from oars.doctor import as_json, code, lines, looked_at
from oars.finding import Finding
from oars.grants import Rights, shipped_rights
from oars.look_at_tables import OPS_TABLES, family
from oars.raw_tables import EVENT_SINK, NOT_READ, OPTIONAL, raw_names
from oars_site import PROJECT, WITHOUT_TESTS, Run, Site
from test_targets import HttpSite

SEEDS = ("build", *WITHOUT_TESTS, "--select", "path:seeds")
# A claim of three minutes, and how long ago it was made.
CLAIM = (
    "insert into oars_ops.lease (invocation_id, expires_at, written_at) "
    "select '{}', now64(6) + 180 - {seconds}, now64(6) - {seconds}"
)
RUN = "0f0e0d0c-0000-4000-8000-00000000000{}"
# Statement -> what is then found: subject, level, words of what is said and of the remedy.
BAD_STATES = [
    (
        "drop table event_sink.course_blocks",
        "raw tables",
        "problem",
        "event_sink.course_blocks is missing",
        "oars init --create event_sink.course_blocks",
    ),
    (
        "drop table event_sink.tag",
        *("raw tables", "warning", "event_sink.tag is missing", "let the LMS send it"),
    ),
    (
        "alter table event_sink.external_id drop column username",
        *("raw tables", "problem", "event_sink.external_id has no column username", "bring it up"),
    ),
    (
        "alter table event_sink.course_enrollment drop column created, add column created Float64",
        *("raw tables", "problem", "event_sink.course_enrollment.created is Float64", "String"),
    ),
    # What no model reads, and what only widens a type, is no trouble.
    (
        "drop table event_sink.taxonomy",
        *("raw tables", "ok", "no model reads course_relationships, object_tag, taxonomy", ""),
    ),
    (
        "drop table oars_operator.programs",
        *(
            "raw tables",
            "ok",
            "oars_operator.programs is missing, or hidden from this user: the seed",
            "",
        ),
    ),
    (
        "alter table event_sink.course_overviews modify column display_name LowCardinality(String)",
        *("raw tables", "ok", "tables have the columns that are read", ""),
    ),
    (
        "create or replace table xapi.xapi_events_all (event_id UUID, emission_time "
        "DateTime64(6, 'UTC'), event Nullable(String)) engine MergeTree order by event_id "
        "settings max_bytes_to_merge_at_max_space_in_pool = 1",
        *("layout of raw", "warning", "not partitioned by toYYYYMM(emission_time)", "oars init"),
    ),
    (
        "select 1",
        *("layout of raw", "warning", "is not sorted by emission_time", "oars init"),
    ),
    (
        "insert into xapi.xapi_events_all select generateUUIDv4(), now(), '' from numbers(301) "
        "settings max_block_size = 1, min_insert_block_size_rows = 1, "
        "min_insert_block_size_bytes = 1, max_insert_threads = 1",
        *("parts", "warning", "xapi.xapi_events_all has 301 parts", "larger batches"),
    ),
    (
        CLAIM.format(RUN.format(1), seconds=125),
        *("claims", "warning", f"{RUN.format(1)} has claimed", "oars unlock"),
    ),
    (
        CLAIM.format(RUN.format(2), seconds=20),
        *("claims", "ok", f"{RUN.format(2)} has claimed", "oars unlock"),
    ),
    (
        "insert into oars_ops.seen (name, seen, written_at) values ('x', 'y', '2099-01-01')",
        *("clocks", "warning", "rows of the future, in seen", "harmless"),
    ),
    (
        "alter table oars_ops.ledger modify comment 'of another release'",
        *("bookkeeping", "warning", "of another release: ledger", "the next run"),
    ),
]


def found(run: Run) -> list[dict[str, str]]:
    assert run.err == ""
    return list(json.loads(run.out)["findings"])


def bad(run: Run) -> list[tuple[str, str]]:
    return [(f["subject"], f["says"]) for f in found(run) if f["level"] != "ok"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> HttpSite:
    """A server whose user may do what dbt's role may and nothing else, where seeds were built."""
    site = HttpSite(tmp_path_factory.mktemp("server"), "server")
    with site:
        done = site.oars("init")
        assert done.code == 0, done.err
        grant(site, shipped_rights(raw_names(), "oars", None, False))
    with site.opened_as("oars_dbt"):
        built = site.dbt(*SEEDS)
        assert built.code == 0, built.out
    return site


def grant(site: HttpSite, rights: Rights) -> None:
    """Give the role these rights and no others."""
    listed = ", ".join(f"{', '.join(what)} on {on}" for what, on in rights)
    site.over_http(f"grant {listed} to oars_dbt with replace option")


def test_server_that_is_well(server: HttpSite) -> None:
    with server.opened_as("oars_dbt"):
        run = server.oars("doctor", "--json")
        said = server.oars("doctor")
    assert bad(run) == []
    assert (run.code, said.code) == (0, 0)
    subjects = [each["subject"] for each in found(run)]
    assert subjects == [
        *("version", "privileges", "raw tables", "layout of raw", "time zone", "bookkeeping"),
        *("claims", "clocks", "disks", "parts", "replicas"),
    ]
    assert "\nPrivileges\n  ok       this user may do all that" in said.out
    assert said.out.endswith("\nproblems: 0, warnings: 0, ok: 11\n")


def test_rights_that_are_missing_are_named_and_nothing_is_a_traceback(server: HttpSite) -> None:
    rights = shipped_rights(raw_names(), "oars", None, False)
    few: Rights = [
        (tuple(each for each in what if each != "truncate" or "ops" not in on), on)
        for what, on in rights
        if on != "`event_sink`.`course_blocks`"
    ]
    next_to_none: Rights = [(("select",), "oars.*")]
    runs = []
    for given in (few, next_to_none, rights):
        with server.opened_as():
            grant(server, given)
        with server.opened_as("oars_dbt"):
            runs.append(server.oars("doctor", "--json"))
    lacking, blind, whole = runs
    assert (lacking.code, blind.code, whole.code) == (2, 2, 0)
    assert [f for f in found(lacking) if f["level"] != "ok"] == [
        {
            "subject": subject,
            "level": "problem",
            "says": says,
            "remedy": remedy,
        }
        for subject, says, remedy in (
            *(
                (
                    "privileges",
                    f"this user may not {each}",
                    "run `oars grants --apply` as an administrator",
                )
                for each in ("select on event_sink.course_blocks", "truncate on oars_ops.*")
            ),
            (
                *(
                    "raw tables",
                    "event_sink.course_blocks is missing, or hidden from this user; each run stops",
                ),
                "run `oars init --create event_sink.course_blocks`, or grant select on it",
            ),
        )
    ]
    assert sum(subject == "privileges" for subject, _ in bad(blind)) > 20


class Balancer(socketserver.ThreadingTCPServer):
    """Passes what it gets on to an engine, which has another name on each connection."""

    daemon_threads = True
    engine: int
    count = 0


class Passing(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Balancer)
        self.server.count += 1
        # As long as the function's call: a request says its length.
        name = b"'host-%03d'" % self.server.count
        with socket.create_connection(("127.0.0.1", self.server.engine)) as engine:
            Thread(target=self.answer, args=(engine,), daemon=True).start()
            while asked := self.request.recv(1 << 16):
                engine.sendall(asked.replace(b"hostName()", name))

    def answer(self, engine: socket.socket) -> None:
        with suppress(OSError):
            while answered := engine.recv(1 << 16):
                self.request.sendall(answered)


def test_several_servers_behind_one_address_are_seen(server: HttpSite) -> None:
    with server.opened_as(), Balancer(("127.0.0.1", 0), Passing) as balancer:
        balancer.engine = int(server.env["OARS_CLICKHOUSE_PORT"])
        Thread(target=balancer.serve_forever, daemon=True).start()
        server.env["OARS_CLICKHOUSE_PORT"] = str(balancer.server_address[1])
        run = server.oars("doctor", "--json")
        balancer.shutdown()
    assert run.code == 1
    [(subject, says)] = bad(run)
    assert subject == "replicas"
    assert re.search(r"several servers answer at the address: (host-\d+(, )?){4}$", says)


def said(site: HttpSite, statement: str) -> None:
    try:
        site.over_http(statement)
    except HTTPError as error:
        raise AssertionError(error.read().decode()) from None


def test_each_bad_state_is_found(server: HttpSite) -> None:
    with server.opened_as():
        server.over_http(CLAIM.format(RUN.format(1), seconds=125))
        claimed = server.oars("doctor", "--json")
        for statement, *_ in BAD_STATES:
            said(server, statement)
        run = server.oars("doctor", "--json")
        server.over_http("drop table xapi.xapi_events_all sync")
        server.over_http("create view xapi.xapi_events_all as select * from system.one")
        of_a_view = server.oars("doctor", "--json")
    assert [subject for subject, _ in bad(claimed)] == ["claims"]
    missed = [
        (subject, says)
        for _, subject, level, says, remedy in BAD_STATES
        if not any(
            (f["subject"], f["level"]) == (subject, level)
            and says in f["says"]
            and remedy in f["remedy"]
            for f in found(run)
        )
    ]
    assert missed == []
    assert (claimed.code, run.code) == (1, 2)
    assert len(bad(run)) == sum(level != "ok" for _, _, level, *_ in BAD_STATES)
    assert ("layout of raw", "warning") in [(f["subject"], f["level"]) for f in found(of_a_view)]
    assert any("of the engine View" in says for _, says in bad(of_a_view))


def test_embedded_folder_that_others_can_read_is_in_use_or_is_missing(tmp_path: Path) -> None:
    site = Site(tmp_path)
    missing = site.oars("doctor", "--json")
    assert (missing.code, bad(missing)) == (
        2,
        [("data folder", f"there is no data folder {site.data}")],
    )
    assert not site.data.exists()

    assert site.oars("init").code == 0
    new = site.oars("doctor", "--json")
    assert (new.code, bad(new)) == (0, [])

    site.data.chmod(0o755)
    with site.held():
        held = site.oars("doctor", "--json")
    assert held.code == 1
    (subject, open_to_others), (next_subject, says) = bad(held)
    assert (subject, next_subject) == ("data folder", "connection")
    assert f"others may look into {site.data} (mode 755)" in open_to_others
    assert "is in use by another process" in says


def test_profile_and_server_that_are_amiss_are_one_problem_each(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.env |= {"OARS_CLICKHOUSE_PORT": "1", "OARS_CLICKHOUSE_SECURE": "False"}
    for target, subject, says in (
        ("moon", "profile", "does not have a target named 'moon'"),
        ("server", "connection", "Connection refused"),
    ):
        run = site.oars("doctor", "--target", target, "--json")
        [finding] = found(run)
        assert (run.code, finding["subject"], finding["level"]) == (2, subject, "problem")
        assert says in finding["says"]
        assert finding["remedy"]


class Answers:
    """A place that gives these rows to whatever is asked."""

    is_embedded = False
    ops = "ops"
    names = raw_names()

    def __init__(self, *rows: Any) -> None:
        self.answers = list(rows)

    def rows(self, query: str, **_: Any) -> Any:
        return self.answers.pop(0) if self.answers else []

    def own(self) -> str:
        return ""


def levels(check: Any, *rows: Any) -> list[str]:
    place: Any = Answers(*rows)
    return [each.level for each in check(place)]


def test_what_no_engine_here_can_be_made_to_be() -> None:
    """Other releases, a clock that is off, a full disk."""
    for number, level in (("25.7.9.1", "problem"), ("25.8.1.1", "ok"), ("26.10.1", "warning")):
        assert levels(look_at_server.version, [(number,)]) == [level]
    for off, level in ((-20, "warning"), (20, "warning"), (1, "ok")):
        assert levels(look_at_server.clocks, [((time.time() + off) * 1e6,)]) == [level]
    for free, largest, level in (
        *((50, 1, "ok"), (50, 26, "warning"), (9, 1, "warning"), (1, 1, "problem")),
    ):
        assert levels(look_at_server.disks, [(largest,)], [("d", free, 100)]) == [level]


def test_what_cannot_be_looked_at_is_a_finding_and_the_worst_is_the_exit_code() -> None:
    def refused() -> Iterator[Finding]:
        yield Finding("clocks", "ok", "they agree")
        raise RuntimeError("Code: 497. DB::Exception: default: Not enough privileges. (ACCESS)")

    both = looked_at("clocks", refused)
    assert [each.level for each in both] == ["ok", "warning"]
    assert both[1].says.startswith("cannot be looked at: default: Not enough privileges")
    assert (code(both), code(both[:1])) == (1, 0)
    assert json.loads(as_json(both))["findings"][0]["says"] == "they agree"
    assert list(lines(both))[:2] == ["Clocks", "  ok       they agree"]


def test_types_of_one_family() -> None:
    for one, other in (
        ("LowCardinality(Nullable(String))", "String"),
        ("DateTime64(6, 'UTC')", "DateTime"),
        ("Nullable(Int32)", "UInt64"),
        ("Bool", "UInt8"),
    ):
        assert family(one) == family(other)
    assert len({family(kind) for kind in ("String", "UUID", "Int8", "DateTime", "Float64")}) == 5


def test_releases_that_are_tested_are_those_of_the_page_and_of_the_run() -> None:
    page = (PROJECT / "docs" / "operations.md").read_text()
    listed = re.findall(r"^\| (\d+\.\d+) \|", page, re.MULTILINE)
    least, newest = (".".join(map(str, n)) for n in (look_at_server.LEAST, look_at_server.NEWEST))
    assert (listed[0], listed[-1]) == (least, newest)
    checks = (PROJECT / "macros/engine/run/checks.sql").read_text()
    assert f"is_at_or_after_version('{least}')" in checks
    assert f"at least {least} is needed" in checks


def test_tables_that_are_needed_are_the_sources_of_the_models() -> None:
    [source] = yaml.safe_load(
        (PROJECT / "models/staging/event_sink/_event_sink__sources.yml").read_text()
    )["sources"]
    assert {each["name"] for each in source["tables"]} == EVENT_SINK.keys() - NOT_READ
    optional = {each["name"] for each in source["tables"] if each.get("config")}
    assert optional == OPTIONAL
    assert (PROJECT / OPS_TABLES).is_file()
