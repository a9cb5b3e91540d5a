"""`oars forget`: a learner leaves every table, and does not come back with a replay."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path
from uuid import uuid4

import clickhouse_connect
import pytest

import xapi_corpus as corpus
from oars import forget as forgetting
from oars import identity
from oars.connection import OarsError
from oars.raw_tables import raw_names
from oars_site import WITHOUT_TESTS, Site
from test_arrival import rows_of
from xapi_corpus import id_of

# Statements like some that are there, as new ones.
NEW_OF_OLD = (
    "insert into xapi.xapi_events_all select generateUUIDv4() as id, emission_time, "
    "replace(event, toString(event_id), toString(id)) from xapi.xapi_events_all where {where}"
)
SIMULATED = ("simulate", "--statements", "3000", "--learners", "30", "--courses", "2")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("forget"))
    assert site.oars("init").code == 0
    assert site.oars(*SIMULATED, "--out", "sent").code == 0
    assert site.oars(*SIMULATED, "--load").code == 0
    built = site.dbt("build", "--exclude-resource-type", "unit_test")
    assert built.code == 0, built.out
    return site


def tables_with(site: Site, learner: str) -> set[str]:
    """Every table of the database in which the text of any row names the learner."""
    tables = site.query(
        "select database, name from system.tables "
        "where match(database, '^(xapi|event_sink|oars.*)$') and engine like '%MergeTree'"
    )
    each = [
        f"select '{table['database']}.{table['name']}' as name from "
        f"`{table['database']}`.`{table['name']}` "
        f"where position(formatRowNoNewline('TSV', *), '{learner}') > 0 group by name"
        for table in tables
    ]
    return {row["name"] for row in site.query(" union all ".join(each))}


def test_learner_leaves_every_table_and_a_replay_does_not_bring_them_back(site: Site) -> None:
    [learner] = site.query(
        "select actor_id from oars.fct_learner_problems group by actor_id "
        "order by count() desc, actor_id limit 1"
    )
    actor = learner["actor_id"]
    # Another is known by the e-mail address only.
    address = "learner.of.the.lms@example.org"
    by_address = sha1(address.encode()).hexdigest()
    site.execute(
        "insert into event_sink.user_profile (id, user_id, email, dump_id, time_last_dumped) "
        f"select 900001, 900001, '{address}', generateUUIDv4(), '2026-05-01 00:00:00'"
    )
    # What of them could not be used goes as well.
    site.execute(
        "insert into xapi.xapi_events_all select generateUUIDv4(), '2026-05-01 00:00:00', "
        f'\'{{"actor": {{"account": {{"name": "{actor}"}}}}}}\''
    )
    assert site.dbt("run").code == 0
    # What no run has read yet goes too: a statement, and one that nobody can read.
    site.execute(
        NEW_OF_OLD.format(where=f"position(event, '{actor}') > 0 limit 1"),
        "insert into xapi.xapi_events_all select generateUUIDv4(), '2026-05-02 00:00:00', "
        f"""'{{"actor": {{"account": {{"name": "{actor}"'""",
    )
    assert {"xapi.xapi_events_all", "event_sink.external_id", "oars.fct_enrollments"} <= (
        tables_with(site, actor)
    )

    forgotten = site.oars("forget", "--actor", actor, "--yes")

    assert forgotten.code == 0, forgotten.err + forgotten.out
    assert forgotten.out.endswith("Nothing is left.\n")
    assert tables_with(site, actor) == set()

    assert site.oars("forget", "--actor", by_address, "--yes").code == 0
    assert tables_with(site, address) == set()

    replayed = site.oars("load", Path("sent") / "statements.ndjson.gz")
    assert replayed.code == 0, replayed.err
    assert site.dbt("run").code == 0

    assert tables_with(site, actor) == {"xapi.xapi_events_all"}
    [kept] = site.query(
        "select countIf(rejection_reason = 'forgotten') as forgotten, count() as statements, "
        "any(statement_excerpt) as excerpt from oars_staging.base_xapi__statements_final "
        "where event_family = 'malformed'"
    )
    assert int(kept["forgotten"]) == int(kept["statements"]) > 0
    incremental = rows_of(site)
    assert site.dbt("run", "--full-refresh").code == 0
    assert rows_of(site) == incremental


def test_nobody_is_forgotten_by_accident_or_beside_a_run(site: Site) -> None:
    nobody = site.oars("forget", "--actor", "", "--yes")
    assert nobody.code != 0
    assert "No learner is named" in nobody.err
    for option, name, said in (
        ("--actor", "abc(", "abc( is no actor_id"),
        ("--actor", ".*", ".* is no actor_id"),
        ("--email", "https", "https is no e-mail address"),
        ("--user-id", "0", "The number of a user is 1 or more."),
    ):
        refused = site.oars("forget", option, name, "--yes")
        assert (refused.code, said in refused.err) == (1, True), refused.err
    site.execute("insert into oars_ops.lease (invocation_id, expires_at) select 'a', now64(6) + 60")
    beside = site.oars("forget", "--actor", UUID, "--yes")
    site.execute("truncate table oars_ops.lease")
    assert beside.code != 0
    assert "A run is at work on this database" in beside.err


def test_old_statement_that_is_sent_again_takes_no_month_with_it(site: Site) -> None:
    """Not even between the day on which raw lets go of the month and the next run."""
    raw, base = "xapi.xapi_events_all", "oars_staging.base_xapi__statements"
    months = site.query(
        f"select toYYYYMM(emission_time) as month from {base} group by month having count() > 9 "
        "order by month limit 2 offset 1"
    )
    sent_again, rewritten = [row["month"] for row in months]
    counts = f"select toYYYYMM(emission_time) as month, count() as n from {base} group by month"
    before = {row["month"]: int(row["n"]) for row in site.query(counts)}

    for month, rest in ((sent_again, "limit 1"), (rewritten, "offset 1")):
        site.execute(
            "create or replace table xapi.rest engine = Memory as "
            f"select * from {raw} where toYYYYMM(emission_time) = {month} order by event_id {rest}",
            f"alter table {raw} drop partition {month}",
            f"insert into {raw} select * from xapi.rest",
        )
    run = site.dbt("run")

    assert run.code == 0, run.out
    after = {row["month"]: int(row["n"]) for row in site.query(counts)}
    assert after[sent_again] == before[sent_again]
    # Where raw has nearly all of a month, what it lacks was erased.
    assert after[rewritten] == before[rewritten] - 1


@pytest.mark.parametrize(
    "sent",
    [
        "bobby@example.org",
        "BOBBY@Example.org",
        "%62obby%40example%2Eorg",
        "b%6Fbb%79%2540example.org",
        "bobby&#64;example.org",
        "b&#x6F;bby%26%2364%3Bexample.org",
    ],
)
def test_address_is_one_however_often_it_is_encoded(sent: str) -> None:
    """Else a sender could make so many patterns of one address that the engine takes none."""
    assert identity.lower(identity.plainly_written(sent)) == "bobby@example.org"


def test_month_that_left_raw_by_retention_stays_unless_the_site_says_otherwise(site: Site) -> None:
    """Also when a statement of it comes late, and can be erased again."""
    months = "select distinct toYYYYMM(emission_time) as month from {} order by month"
    in_base = months.format("oars_staging.base_xapi__statements")
    before = site.query(in_base)
    rows = (
        "select count() as row_count from oars_staging.base_xapi__statements_final "
        f"where toYYYYMM(emission_time) = {before[0]['month']}"
    )
    [kept] = site.query(rows)
    site.execute(
        "create table xapi.late as xapi.xapi_events_all",
        NEW_OF_OLD.format(where=f"toYYYYMM(emission_time) = {before[0]['month']} limit 2").replace(
            "insert into xapi.xapi_events_all", "insert into xapi.late"
        ),
        f"alter table xapi.xapi_events_all drop partition {before[0]['month']}",
        "insert into xapi.xapi_events_all select * from xapi.late",
    )

    assert site.dbt("run", "--full-refresh").code == 0
    assert site.query(in_base) == before
    assert site.query(rows) == [{"row_count": kept["row_count"] + 2}]
    held = site.dbt("test", "--select", "assert_every_raw_statement_is_in_base")
    assert held.code == 0, held.out

    # One of the two is erased, the other leaves with its month; a third comes.
    site.execute(
        "alter table xapi.xapi_events_all delete where event_id in "
        "(select min(event_id) from xapi.late) settings mutations_sync = 2"
    )
    assert site.dbt("run").code == 0
    assert site.query(rows) == [{"row_count": kept["row_count"] + 1}]
    site.execute(f"alter table xapi.xapi_events_all drop partition {before[0]['month']}")
    assert site.dbt("run", "--select", "base_xapi__statements").code == 0
    site.execute(
        "insert into xapi.xapi_events_all select generateUUIDv4() as id, emission_time, "
        "replace(event, toString(event_id), toString(id)) from xapi.late limit 1"
    )
    assert site.dbt("run", "--select", "base_xapi__statements").code == 0
    assert site.query(rows) == [{"row_count": kept["row_count"] + 2}]

    run = site.dbt("run", "--vars", "{keep_months: false}")
    assert run.code == 0, run.out
    assert site.query(rows) == [{"row_count": 1}]


# A learner, as an LMS and statements may have them; 7 is the number of the user.
USER = 7
UUID = "6f2c9c1e-8a55-4d1e-9b0a-77aa33bb11cc"
ADDRESS = "Ann.Quill+x@Example.org"
LMS = "https://lms.example.org"
OTHER = "5d4b8f0a-1111-4222-8333-944444444444"


def actor(**identifier: object) -> dict[str, object]:
    return {"objectType": "Agent", **identifier}


def account(name: str, home_page: str = LMS) -> dict[str, object]:
    return actor(account={"homePage": home_page, "name": name})


# Statements of the learner, by what names them there.
OF_THE_LEARNER: dict[str, object] = {
    "external id": account(UUID),
    "external id in capitals": account(UUID.upper()),
    "address": actor(mbox=f"mailto:{ADDRESS}"),
    "address in small letters": actor(mbox=f"mailto:{ADDRESS.lower()}"),
    "address in other capitals": account("ANN.quill+X@example.ORG"),
    "encoded address": account("Ann.Quill%2Bx%40Example.org"),
    "hash of the LMS": actor(mbox_sha1sum=sha1(ADDRESS.encode()).hexdigest()),
    "hash of xAPI": actor(mbox_sha1sum=sha1(f"mailto:{ADDRESS}".encode()).hexdigest()),
    "name": account("ann_q"),
    "name in capitals": account("Ann_Q", f"{LMS}:443/"),
}
# Texts that nobody can read, but whom they are about.
BROKEN_OF_THE_LEARNER = {
    "external id, no JSON": f'{{"actor": {{"account": {{"name": "{UUID}"',
    "external id without dashes": f'{{"id": 1, "who": "{UUID.replace("-", "").upper()}"}}',
    "address in JSON": '{"actor": {"mbox": "mailto:ann.quill\\u002bx\\u0040example\\u002eorg"',
    "address in JSON in JSON": '{"x": "{\\"mbox\\": \\"ann.quill\\\\u002bx\\\\u0040example.org',
    "address in a URL": "GET /x?who%3D%22ann%2Equill%252Bx%40example.org%22&y",
    "address at the end of a sentence": f"no JSON: it is <{ADDRESS}>, or {ADDRESS}.",
    "address in HTML": "no JSON: <b>ann.quill&#43;x&#x40;example.org</b>",
    "name in JSON": '{"account": { "homePage": "https://lms.example.org", "name" :\n "ANN_Q" }',
    "name in JSON in JSON": '"{\\"name\\": \\"ann_q\\", \\"homePage\\": \\"https://lms.example.org\\"',
    # The parser mends it and reads it.
    "half a character": json.dumps(
        {
            "id": id_of("half a character"),
            "actor": actor(mbox=f"mailto:{ADDRESS.upper()}"),
            "verb": {"id": "http://adlnet.gov/expapi/verbs/registered"},
            "object": {"id": "https://lms.example.org/course/course-v1:Org+Course+Run"},
            "result": {"response": "\ud83d"},
        }
    ),
}
# What looks like it, and is not theirs.
OF_OTHERS: dict[str, object] = {
    "another learner": account(OTHER),
    "longer address": actor(mbox=f"mailto:jo{ADDRESS}"),
    "address of a longer host": actor(mbox=f"mailto:{ADDRESS}.uk"),
    "same name elsewhere": account("ann_q", "https://quiz.example.net"),
    "longer name": account("ann_q2"),
    "group of the same name": {  # and of the LMS, whose host stands in the object
        "objectType": "Group",
        "name": "ann_q",
        "member": [account("ann_q", "https://quiz.example.net")],
    },
}
BROKEN_OF_OTHERS = {
    "longer address, no JSON": f'{{"actor": {{"mbox": "mailto:jo{ADDRESS}"',
    "address of a longer host, no JSON": f'{{"actor": {{"mbox": "mailto:{ADDRESS}.uk"',
    "longer name, no JSON": '{"actor": {"account": {"name": "ann_q2"',
    "same name elsewhere, no JSON": '{"account": {"homePage": "https://quiz.example.net", '
    '"name": "ann_q"}',
    # Perhaps of `who=ann...`: it is said and stays.
    "address after a sign of addresses": "GET /x?who%3Dann%2Equill%252Bx%40example.org&y",
    "same name at a longer host": '{"account": {"homePage": "https://lms.example.org.uk", '
    '"name": "ann_q"}',
    "same name at another host": '{"account": {"name": "ann_q", "homePage": '
    '"https://quiz.example.net/?lms.example.org"}',
    "name as an answer, no JSON": '{"result": {"response": "ann_q"',
}
AT = "2026-03-02 10:00:00.000000"


# Ids of the learner's statements that another has sent too, and at what time.
SENT_BY_TWO = {
    "external id": "2026-03-02 09:00:00",
    "hash of the LMS": "2026-03-02 11:00:00",
    "name": "2026-03-03 10:00:00",
    "address": "2026-03-02 09:00:00",
}
# What only comes after the run. Of `name` that is the other's, of `address` the learner's.
UNREAD_OF_THE_LEARNER = {
    "address",
    "external id in capitals",
    "hash of xAPI",
    "external id without dashes",
    "address in a URL",
    "name in JSON",
}


def statements() -> Iterator[tuple[bool, tuple[str, str, bytes]]]:
    """Whether a run has read it, and the statement."""
    page = json.loads(corpus.SHAPE_CASES[0].body)
    for name, who in (OF_THE_LEARNER | OF_OTHERS).items():
        body = page | {"id": id_of(name), "actor": who}
        yield name not in UNREAD_OF_THE_LEARNER, (id_of(name), AT, json.dumps(body).encode())
    for name, text in (BROKEN_OF_THE_LEARNER | BROKEN_OF_OTHERS).items():
        yield name not in UNREAD_OF_THE_LEARNER, (id_of(name), AT, text.encode())
    for name, time in SENT_BY_TWO.items():
        body = page | {"id": id_of(name), "actor": account(OTHER)}
        yield name != "name", (id_of(name), time, json.dumps(body).encode())
    # Another speaks of the learner.
    mentioned = page | {"id": id_of("mentioned"), "actor": account(OTHER)}
    mentioned["result"] = {"response": f"{ADDRESS} and Ann Quill know it"}
    answered = page | {"id": id_of("answered"), "actor": account(OTHER)}
    answered["result"] = {"response": UUID}
    yield True, (id_of("answered"), AT, json.dumps(answered).encode())
    yield True, (id_of("mentioned"), AT, json.dumps(mentioned).encode())


ROWS_OF_THE_LMS = (
    "insert into event_sink.user_profile (id, user_id, name, username, email, gender, dump_id, "
    f"time_last_dumped) select 1, {USER}, 'Ann Quill', 'ann_q', '{ADDRESS}', 'f', "
    "generateUUIDv4(), '2026-03-01 00:00:00'",
    "insert into event_sink.user_profile (id, user_id, name, username, email, dump_id, "
    "time_last_dumped) select 2, 8, 'Jo', 'ann_q2', 'jo@example.org', generateUUIDv4(), "
    "'2026-03-01 00:00:00'",
    f"insert into event_sink.external_id select '{UUID}', 'xapi', 'ann_q', {USER}, "
    "generateUUIDv4(), '2026-03-01 00:00:00'",
    f"insert into event_sink.external_id select '{OTHER}', 'xapi', 'ann_q2', 8, "
    "generateUUIDv4(), '2026-03-01 00:00:00'",
    "insert into event_sink.course_enrollment select 1, 'course-v1:Org+Course1+Run1', "
    f"'2026-03-01 00:00:00', true, 'audit', 'ann_q', {USER}, generateUUIDv4(), "
    "'2026-03-01 00:00:00'",
    "insert into oars_operator.course_staff select 'ann_q', 'course-v1:Org+Course1+Run1'",
)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site that knows the learner in all ways; of some statements no run has read yet."""
    site = Site(tmp_path_factory.mktemp("people"))
    assert site.oars("init").code == 0
    site.execute(*ROWS_OF_THE_LMS)
    site.insert(sent for is_read, sent in statements() if is_read)
    built = site.dbt("build", *WITHOUT_TESTS, "--vars", "{pii_enabled: true}")
    assert built.code == 0, built.out
    site.insert(sent for is_read, sent in statements() if not is_read)
    return site


def copy_of(site: Site, folder: Path) -> Site:
    shutil.copytree(site.data, folder / "chdb", symlinks=True)
    return Site(folder)


def names_in_raw(site: Site) -> list[str]:
    """The names of the statements that raw has, as often as it has them."""
    names = {id_of(name): name for name in (*OF_THE_LEARNER, *BROKEN_OF_THE_LEARNER)}
    others = (*OF_OTHERS, *BROKEN_OF_OTHERS, "mentioned", "answered")
    names |= {id_of(name): name for name in others}
    rows = site.query("select toString(event_id) as id from xapi.xapi_events_all order by 1")
    return sorted(names[row["id"]] for row in rows)


STAY_IN_RAW = sorted([*OF_OTHERS, *BROKEN_OF_OTHERS, *SENT_BY_TWO, "mentioned", "answered"])
SPEAK_OF_THE_LEARNER = ", ".join(
    sorted(map(id_of, ["mentioned", "answered", "address after a sign of addresses"]))
)
# Where rows of texts may name the learner afterwards, and how many.
STAYS = [
    "a name, perhaps another's, in oars_operator.course_staff, 1 row: the list is yours: edit it",
    "stays in oars_staging.base_xapi__statements, 1 row: words of others",
    "a name, perhaps another's, in oars_staging.base_xapi__statements, 2 rows: words of others",
    f"stays in xapi.xapi_events_all, 3 rows ({SPEAK_OF_THE_LEARNER}): "
    "others sent it, or it came again; raw is the record store's",
    "a name, perhaps another's, in xapi.xapi_events_all, 6 rows: "
    "others sent it, or it came again; raw is the record store's",
    "stays in {folder}/sent.rejects.ndjson: delete the file",
    "Snapshots were made before: `oars publish` makes a new one and deletes them.",
]


def what_is_there(site: Site) -> dict[str, object]:
    """All that tells whether the learner was forgotten in the same way."""
    tables = "select * from {} order by all"
    return rows_of(site) | {
        "raw": names_in_raw(site),
        "users": site.query(tables.format("event_sink.user_profile")),
        "external ids": site.query(tables.format("event_sink.external_id")),
        "enrolments": site.query(tables.format("event_sink.course_enrollment")),
        "noted": site.query("select * from oars_ops.being_forgotten"),
    }


@pytest.fixture(scope="module")
def forgotten(people: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site without the learner, who was named by the address."""
    site = copy_of(people, tmp_path_factory.mktemp("forgotten"))
    site.folder.joinpath("sent.rejects.ndjson").write_text(f'{{"actor": "{ADDRESS}"}}\n')
    assert site.oars("publish").code == 0
    named = ("--email", ADDRESS.upper(), "--yes")
    written = {"DBT_WRITE_JSON": "true", "DBT_LOG_LEVEL_FILE": "info"}
    done = site.start("oars", "forget", *named, env=site.dbt_env() | written)
    assert done.code == 0, done.err + done.out
    site.folder.joinpath("said").write_text(done.out)
    return site


def test_person_leaves_all_tables_and_what_stays_is_named(forgotten: Site) -> None:
    assert names_in_raw(forgotten) == STAY_IN_RAW
    said = forgotten.folder.joinpath("said").read_text().splitlines()
    at = said.index("Looking at all texts of all tables") + 1
    assert said[at:] == [line.format(folder=forgotten.folder) for line in STAYS]
    assert (
        "An account ann_q of https://quiz.example.net may be somebody else's and stays; if it is "
        "the learner's, say --home-page https://quiz.example.net."
    ) in said
    users = forgotten.query("select username from event_sink.user_profile")
    assert users == [{"username": "ann_q2"}]
    incremental = rows_of(forgotten)
    assert forgotten.dbt("run", "--full-refresh").code == 0
    assert rows_of(forgotten) == incremental


def test_deletions_that_the_engine_lists_name_nobody(forgotten: Site) -> None:
    rows = forgotten.query("select table, command from system.mutations")
    assert {"user_profile", "course_enrollment", "external_id"} <= {row["table"] for row in rows}
    named = re.compile(rf"\b{USER}\b|ann_q|{UUID}|example\.org", re.IGNORECASE)
    assert [row for row in rows if named.search(row["command"])] == []


def test_what_was_typed_to_name_the_person_is_in_no_file(forgotten: Site) -> None:
    found = [
        path
        for name in ("target", "logs")
        for path in forgotten.folder.joinpath(name).rglob("*")
        if path.is_file()
    ]
    assert {path.name for path in found} >= {"run_results.json", "dbt.log"}
    for path in found:
        assert ADDRESS.lower() not in path.read_text(errors="replace").lower(), path


def test_it_is_the_same_whatever_names_the_person(people: Site) -> None:
    client = clickhouse_connect.get_client(interface="chdb", path=str(people.data))
    register = identity.Register(client, raw_names(), "oars", [])
    known = [
        register.completed(asked)
        for asked in (
            identity.Person(pseudonyms={UUID}),
            identity.Person(pseudonyms={sha1(b"lms.example.org|ann_q").hexdigest()}),
            identity.Person(pseudonyms={sha1(ADDRESS.encode()).hexdigest()}),
            identity.Person(users={USER}),
            identity.Person(addresses={ADDRESS}),
            identity.Person(usernames={"ann_q"}),
        )
    ]
    client.close()
    assert known[0].count() > 10
    assert known == [known[0]] * len(known)


# Ends at the delete of this number, as if killed, or at the run if there are fewer.
KILLED = """
import os, sys
from oars import cli, forget
until, delete = int(sys.argv.pop(1)), forget._delete
def count_down(*arguments):
    global until
    until -= 1
    return delete(*arguments) if until >= 0 else os._exit(9)
forget._delete, cli._dbt_run = count_down, lambda *arguments: os._exit(9)
cli.main()
"""


def test_command_that_was_killed_is_repeated_and_ends_the_same(
    people: Site, forgotten: Site, tmp_path: Path
) -> None:
    site = copy_of(people, tmp_path)
    # Every table has lost the person, and the run at the end is not done.
    command = [sys.executable, "-c", KILLED, "5", "forget", "--email", ADDRESS]
    killed = subprocess.run([*command, "--yes"], cwd=site.folder, env=site.env)
    assert killed.returncode == 9
    # The marts have the learner yet.
    refused = site.oars("publish")
    assert refused.err == (
        "Error: Somebody is being forgotten: repeat the `oars forget` that was interrupted.\n"
    )

    # Where the LMS's tables have lost the name, it is not looked for there.
    done = site.oars("forget", "--username", "ann_q", "--yes")

    assert done.code == 0, done.err + done.out
    assert "Among these is whom a command that was interrupted was forgetting." in done.out
    assert "Nothing was known" not in done.out
    found, expected = what_is_there(site), what_is_there(forgotten)
    assert found == expected


# Addresses that end or begin with that of ann@example.org, and are others'.
LOCAL_SIGNS = "!#$%&'*+-/=?^_`{|}~.x0\u00f6\u0436\u4f8b"
ENCODED_SIGNS = [
    form
    for sign in "=/'&o."
    for form in (
        f"%{ord(sign):02X}",
        f"%25{ord(sign):02x}",
        f"&#{ord(sign)};",
        f"\\u{ord(sign):04x}",
    )
]
ADDRESSES_OF_OTHERS = [
    *(f"{before}{sign}ann@example.org" for sign in LOCAL_SIGNS for before in ("", "jo")),
    *(f"jo{sign}ann@example.org" for sign in ENCODED_SIGNS),
    *(
        f"ann@example.org{after}"
        for after in (
            *(".uk", "x", "-x", "_x", "0", "\u00f6", "\u3002uk", "\uff0euk", "%2Euk", "%252euk"),
            *("%2Dx", "&#46;uk", "&#x2e;uk", "&period;uk", "\\u002euk", "\\uff0euk", "%C3%B6"),
        )
    ),
    "ann@example\u00f6.org",
    "ANN@sub.example.org",
    "ann@work@example.org",
]
ADDRESSES_OF_ANN = [
    *("ann@example.org", "ANN@Example.org", "ann%40example.org", "ann%2540example%2Eorg"),
    *("ann&#xFF20;example.org", "ann%EF%BC%A0example%E3%80%82org", "\\u0061nn\\uff20example.org"),
    *("ann&#64;example.org", "ann\uff20example.org", "ann\\u0040example\\u002eorg"),
]
TEXTS_OF_AN_ADDRESS = {
    "an actor's": '{{"actor": {{"mbox": "mailto:{0}"}}}}',
    "an account's": '{{"actor": {{"account": '
    '{{"homePage": "https://x.example", "name": "{0}"}}}}}}',
    "a member's": '{{"actor": {{"objectType": "Group", "member": [{{"mbox": "mailto:{0}"}}]}}}}',
    "a member's account": '{{"actor": {{"objectType": "Group", "member": '
    '[{{"account": {{"name": "{0}", "homePage": "https://x.example"}}}}]}}}}',
    "a group's": '{{"actor": {{"objectType": "Group", "mbox": "{0}"}}}}',
    "without an actor": '{{"agent": {{"mbox": "mailto:{0}"}}}}',
    "cut": '{{"actor": {{"mbox": "mailto:{0}"',
    "cut, no scheme": '{{"actor": {{"mbox": "{0}", "na',
    "of JSON in JSON": '"{{\\"mbox\\": \\"{0}\\", \\"na',
    "in HTML": "no JSON: <b>{0}</b>",
    "in a sentence": "no JSON: it is {0}, and so on",
    "at the end": "no JSON: {0}",
}
# Who speaks of ann in what is nobody's deletes nothing of others.
WORDS_OF_GROUPS = [
    '{"actor": {"objectType": "Group"}, "result": {"response": "ann@example.org"}}',
    '{"actor": {"objectType": "Group", "name": "Ask ann@example.org"}}',
    '{"actor": {"objectType": "Group", "member": [{"mbox": "mailto:jo@x.y?cc=ann@example.org"}]}}',
    '{"actor": {"objectType": "Group", "member": [{"name": "of \\"ann@example.org\\""}]}}',
    '{"actor": {"name": "J"}, "object": {"objectType": "Agent", "mbox": "mailto:ann@example.org"}}',
]


def test_only_what_is_of_exactly_this_address_is_deleted(people: Site, tmp_path: Path) -> None:
    """Whatever stands before it or after it in others' addresses."""
    site = copy_of(people, tmp_path)
    site.execute("truncate table xapi.xapi_events_all")
    others, hers = (
        [text.format(each) for each in addresses for text in TEXTS_OF_AN_ADDRESS.values()]
        for addresses in (ADDRESSES_OF_OTHERS, ADDRESSES_OF_ANN)
    )
    bodies = {id_of(text): text for text in (*others, *hers, *WORDS_OF_GROUPS)}
    site.insert((id_, AT, text.encode()) for id_, text in bodies.items())
    client = clickhouse_connect.get_client(interface="chdb", path=str(site.data))
    list(
        forgetting.forget(
            client, "oars", identity.Person(addresses={"ann@example.org"}), str(uuid4())
        )
    )
    client.close()
    rows = site.query("select toString(event_id) as id from xapi.xapi_events_all")
    left = {bodies[row["id"]] for row in rows}
    assert {*others, *WORDS_OF_GROUPS} - left == set()
    assert left & set(hers) == set()


def test_all_that_may_mention_an_address_is_listed() -> None:
    """Also where a sign before or after it may be of an address; only longer words are others'."""
    pattern = identity.mentions(identity.Person(addresses={"ann@example.org"}))
    for sign in [*LOCAL_SIGNS, *ENCODED_SIGNS, *'"<>()[],;:\\@ \n', "...", "--", "**", "\\n"]:
        if sign not in ("x", "0", "o"):
            assert re.search(pattern, f"it is {sign}ann@example.org{sign}: so"), sign
    for other in ("joann@example.org", "jo.ann@example.org", "jo-ann@example.org"):
        assert not re.search(pattern, other)
    for other in ("ann@example.org.uk", "ann@example.orgx", "ann@example.org-x"):
        assert not re.search(pattern, other)


def test_two_at_once_do_not_take_each_other_s_notes(people: Site, tmp_path: Path) -> None:
    site = copy_of(people, tmp_path)
    client = clickhouse_connect.get_client(interface="chdb", path=str(site.data))
    register = identity.Register(client, raw_names(), "oars", [])
    first, second = (str(uuid4()) for _ in range(2))
    one = forgetting.forget(
        client, "oars", register.completed(identity.Person(users={USER})), first
    )
    other = forgetting.forget(
        client, "oars", register.completed(identity.Person(users={8})), second
    )
    next(one)
    next(other)
    list(one)
    forgetting.has_ended(client, "oars", [first])
    list(other)
    client.close()
    assert not set(names_in_raw(site)) & {*OF_THE_LEARNER, "another learner", "mentioned"}
    noted = site.query("select distinct command from oars_ops.being_forgotten")
    assert [row["command"] for row in noted] == [second]


def test_replay_by_record_store_or_lms_brings_nobody_back(
    people: Site, forgotten: Site, tmp_path: Path
) -> None:
    site = copy_of(forgotten, tmp_path)
    before = rows_of(site)
    site.execute(*(row for row in ROWS_OF_THE_LMS if f" {USER}," in row))
    site.insert(
        sent for _, sent in statements() if sent[0] in map(id_of, OF_THE_LEARNER) and AT in sent
    )

    run = site.dbt("run", "--vars", "{pii_enabled: true}")

    assert run.code == 0, run.out
    after = rows_of(site)
    # The marts tell only that something came that is not read.
    changed = {mart.split("`")[-2] for mart, rows in after.items() if before.get(mart) != rows}
    assert changed == {
        "base_xapi__statements",
        "int_statement_counts",
        "agg_event_types",
        "agg_statement_quality_daily",
        "dim_learners_pii",
    }
    named = site.query("select username from oars_pii.dim_learners_pii")
    assert named == [{"username": "ann_q2"}]
    users = site.query("select user_id from oars_staging.stg_event_sink__user_profiles")
    assert users == [{"user_id": 8}]
    again = site.oars("forget", "--user-id", str(USER), "--yes")
    assert again.code == 0, again.err


def test_who_was_forgotten_and_who_is_unknown_are_told_apart(forgotten: Site) -> None:
    again = forgotten.oars("forget", "--email", ADDRESS, "--yes")
    nobody = forgotten.oars("forget", "--username", "nobody_here", "--yes")
    assert "The learner was forgotten before, and no row of theirs has come since." in again.out
    assert "Nothing was known of this learner: is the name right?" in nobody.out


HOME_PAGES = ["https://lms.example.org", "HTTPS://LMS.example.org:443/", "lms.example.org/x/?y#z"]
HOME_PAGES += [
    "https://lms.UNIVERSIT\u00c4T.example",
    "https://\u0416.example",
    "a|b",
    "",
    "//x:8/",
]
NAMES = ["ann_q", "Ann", "\u00c4NN", "a|b", "a b ", "%41nn", "0" * 40, "x\ty"]


def test_parser_and_command_agree_on_pseudonyms(people: Site, tmp_path: Path) -> None:
    site = copy_of(people, tmp_path)
    page = json.loads(corpus.SHAPE_CASES[0].body)
    sent = {
        id_of(f"{home_page} {name}"): (home_page, name)
        for home_page in HOME_PAGES
        for name in NAMES
    }
    site.insert(
        (id_, AT, json.dumps(page | {"id": id_, "actor": account(name, home_page)}).encode())
        for id_, (home_page, name) in sent.items()
    )
    client = clickhouse_connect.get_client(interface="chdb", path=str(site.data))
    ids = f"select arrayJoin([{', '.join(map(repr, sent))}])::UUID"
    actors = identity.identified(client, "oars_staging", ids)
    rows = client.query(f"select toString(event_id), actor_id from ({actors})").result_rows
    client.close()
    assert len(rows) == len(sent)
    assert all(identity.is_plain(name) for name in NAMES)
    expected = {id_: identity.hash_of_account(*pair) for id_, pair in sent.items()}
    assert {str(id_): pseudonym for id_, pseudonym in rows} == expected


# Users who are called like somebody else: number, e-mail address, username.
CALLED_LIKE_OTHERS = (
    (USER, "ann.once@example.org", "ann_q"),
    (USER, "ann.once@example.org", "9"),
    (9, "Ann.Once@example.org", "later"),
    (10, "odd@example.org", "jo@example.org"),
    (11, "odd2@example.org", OTHER),
)


def test_nobody_else_is_forgotten_who_is_called_alike(people: Site, tmp_path: Path) -> None:
    site = copy_of(people, tmp_path)
    site.execute(
        *(
            "insert into event_sink.user_profile (id, user_id, email, username, dump_id, "
            f"time_last_dumped) select {100 + row}, {user}, '{address}', '{username}', "
            "generateUUIDv4(), '2025-01-01 00:00:00'"
            for row, (user, address, username) in enumerate(CALLED_LIKE_OTHERS)
        )
    )
    page = json.loads(corpus.SHAPE_CASES[0].body)
    actors = {
        # The learner's id from another system, where somebody has the same name.
        "id elsewhere": account(UUID, "https://quiz.example.net"),
        # Beside one's own id another's address, or a text with the hash of another's account.
        "own and other's": account(OTHER) | {"mbox": f"mailto:{ADDRESS}"},
        "hash of an account": actor(openid="lms.example.org|ann_q2"),
        "address of another user": account("jo@example.org"),
        # To make the LMS's home page another one, and a pattern too long for the engine.
        **{f"{i} pages": account(UUID, f"https://quiz.example.net/{i}") for i in range(5)},
        **{f"{i} blanks": account("ann_q" + " " * i * 1000) for i in range(1, 20)},
    }
    bodies = {name: page | {"id": id_of(name), "actor": who} for name, who in actors.items()}
    site.insert((id_of(name), AT, json.dumps(body).encode()) for name, body in bodies.items())
    client = clickhouse_connect.get_client(interface="chdb", path=str(site.data))
    register = identity.Register(client, raw_names(), "oars", [])

    learner = register.completed(identity.Person(users={USER}))
    assert register.home_pages == {"lms.example.org"}
    assert register.shared == {"ann.once@example.org", "9"}
    assert (learner.users, {each.lower() for each in learner.usernames}) == ({USER}, {"ann_q"})
    assert {each.lower() for each in learner.addresses} == {ADDRESS.lower()}
    assert not learner.pseudonyms & {OTHER, sha1(b"ann.once@example.org").hexdigest()}
    assert learner.count() < 20

    called_like_an_address = register.completed(identity.Person(users={10}))
    assert not called_like_an_address.pseudonyms & {OTHER, sha1(b"jo@example.org").hexdigest()}
    called_like_an_id = register.completed(identity.Person(users={11}))
    assert OTHER not in called_like_an_id.pseudonyms
    other = register.completed(identity.Person(pseudonyms={OTHER}))
    assert not other.pseudonyms & learner.pseudonyms

    with pytest.raises(OarsError, match=r"Several users of the LMS are so named \(7, 9\)"):
        register.completed(identity.Person(addresses={"ann.once@example.org"}))
    client.close()
