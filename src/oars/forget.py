"""Forget a learner: out of raw, the event sink and base, and for good."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from clickhouse_connect.driver.client import Client

from oars.claim import live_claims
from oars.connection import OarsError, Target
from oars.identity import Person, Register, mentions, names_as_value, names_as_word
from oars.publish import snapshots_of
from oars.raw_tables import RawNames, qualified, raw_names, table_exists

# Of the learner are: what base read, what raw has beside it, and what base could not use, has of no
# learner (a group, a statement that takes another back) or has not tried yet. The last are found by
# their text, for they have no actor. A row is known by id and time: others may have sent its id.
OF_THE_LEARNER = """
insert into {ops}.to_forget
with

known as (

    select event_id, emission_time, statement_hash, actor_id, statement_excerpt
    from {staging}.base_xapi__statements

),

raw as (

    select
        event_id,
        toDateTime64(emission_time, 6, 'UTC') as emission_time,
        toString(event) as body,
        cityHash64(body) as statement_hash
    from {raw}

),

not_read as (

    select event_id
    from raw
    where (event_id, emission_time, statement_hash) not in (
        select event_id, emission_time, statement_hash from known
    )

),

parsed as (

    select event_id, emission_time, actor_id
    from {staging}.base_xapi__parsed_statements
    where event_id in (select event_id from not_read)

),

with_learner as (

    select event_id, emission_time from known where isNotNull(actor_id)
    union all
    select event_id, emission_time from parsed where isNotNull(actor_id)

)

select event_id, emission_time
from known
where
    actor_id in {{pseudonyms:Array(String)}}
    or (isNull(actor_id) and match(coalesce(statement_excerpt, ''), {{mentions:String}}))
union distinct
select event_id, emission_time
from parsed
where actor_id in {{pseudonyms:Array(String)}}
union distinct
select event_id, emission_time
from raw
where
    (event_id, emission_time) not in (select event_id, emission_time from with_learner)
    and (match(body, {{mentions:String}}) or match(body, {{names:String}}))
settings query_plan_merge_expressions = 0
"""
THEIR_ROWS = (
    "(event_id, toDateTime64(emission_time, 6, 'UTC')) in "
    "(select event_id, emission_time from {ops}.to_forget)"
)
REMEMBERED = """
insert into {ops}.forgotten (actor_hash)
with hashes as (
    select lower(hex(SHA256(concat((select any(salt) from {ops}.salt), name)))) as actor_hash
    from (select arrayJoin({{names:Array(String)}}) as name)
)
select actor_hash
from hashes
where actor_hash not in (select actor_hash from {ops}.forgotten)
"""
WAIT = " settings mutations_sync = 2, allow_nondeterministic_mutations = 1"
TABLES_OF_USERS = ("user_profile", "course_enrollment", "external_id")


@dataclass(frozen=True)
class Left:
    """A table of which rows still name the person, surely or perhaps."""

    database: str
    table: str
    sure_count: int
    perhaps_count: int
    event_ids: list[str]
    """Of some of the statements of raw that surely do."""


def require_rest(client: Client, schema: str) -> None:
    """Stop with one sentence where nothing has been built yet, or a run is at work."""
    ops = f"{schema}_ops"
    if not table_exists(client, f"{schema}_staging", "base_xapi__statements"):
        raise OarsError("Nothing has run on this database yet: run `dbt build` first.")
    if not table_exists(client, ops, "being_forgotten"):
        raise OarsError("An older release ran on this database last: run `dbt run` first.")
    if live_claims(client, ops):
        raise OarsError("A run is at work on this database: wait until it has ended.")


def being_forgotten(client: Client, schema: str) -> Person:
    """Whom a command that did not come to its end was forgetting; nobody if there is none."""
    person = Person()
    if table_exists(client, f"{schema}_ops", "being_forgotten"):
        rows = client.query(f"select kind, name, home_page from {schema}_ops.being_forgotten")
        for kind, name, home_page in rows.result_rows:
            if kind == "users":
                person.users.add(int(name))
            elif kind == "accounts":
                person.accounts.add((home_page, name))
            else:
                getattr(person, kind).add(name)
    return person


def forget(client: Client, schema: str, person: Person) -> Iterator[tuple[str, int]]:
    """Delete a learner's rows; yields each table with the number of rows that it had of them.

    `has_ended` is to be called when states and marts have followed. A command that is killed before
    has to be repeated, and finds then whom it was forgetting.
    """
    names = raw_names()
    ops, staging = f"{schema}_ops", f"{schema}_staging"
    # Who it is comes first, for the tables that tell are among those to be deleted from.
    _note(client, ops, person)
    # Then the ids: once the hash is kept, nobody is told any more who sent what waits. Those of a
    # command that was killed are still there.
    client.command(
        OF_THE_LEARNER.format(ops=ops, staging=staging, raw=names.statements),
        parameters={
            "pseudonyms": sorted(person.pseudonyms),
            "mentions": mentions(person),
            "names": names_as_value(person),
        },
    )
    client.command(
        REMEMBERED.format(ops=ops), parameters={"names": sorted(names_to_remember(person))}
    )
    theirs = THEIR_ROWS.format(ops=ops)
    yield f"{names.xapi_database}.{names.xapi_table}", _delete(client, names.statements, theirs)
    yield from _delete_users(client, names, person)
    # Base at once; states and marts follow with the run.
    base = qualified(staging, "base_xapi__statements")
    yield f"{staging}.base_xapi__statements", _delete(client, base, theirs)


def has_ended(client: Client, schema: str) -> None:
    """Drop the notes of whom it was about."""
    for table in ("to_forget", "being_forgotten"):
        client.command(f"truncate table {schema}_ops.{table}")


def names_to_remember(person: Person) -> set[str]:
    """What is kept of the learner as salted hashes: see macros/model/is_forgotten.sql."""
    return person.pseudonyms | {f"user {user}" for user in person.users}


def was_forgotten(client: Client, schema: str, person: Person) -> bool:
    """Whether somebody so named has been forgotten before."""
    ops = f"{schema}_ops"
    count = (
        f"select count() from {ops}.forgotten where actor_hash in (select lower(hex(SHA256(concat("
        f"(select any(salt) from {ops}.salt), arrayJoin({{names:Array(String)}}))))))"
    )
    names = sorted(names_to_remember(person))
    return bool(client.query(count, parameters={"names": names}).result_rows[0][0])


def left(client: Client, schema: str, person: Person) -> list[Left]:
    """Look at all texts of all tables: raw's, the LMS's, the operator's and the project's."""
    names = raw_names()
    # In a row the values of columns stand apart by tabs.
    count = (
        "select countIf(is_sure), countIf(is_perhaps and not is_sure), "
        "groupUniqArrayIf(5)({event_id}, is_sure) from ("
        "select formatRowNoNewline('TSV', *) as texts, match(texts, {mentions:String}) as is_sure, "
        "match(texts, {words:String}) as is_perhaps, * from {table})"
    )
    tables = client.query(
        "select database, name from system.tables where engine like '%MergeTree' and "
        "(database in {databases:Array(String)} or startsWith(database, {schema:String})) "
        "and name not in ('being_forgotten', 'to_forget') order by database, name",
        parameters={
            "databases": names.databases(),
            "schema": schema,
        },
    ).result_rows
    patterns = {"mentions": mentions(person), "words": names_as_word(person)}
    found = []
    for database, table in tables:
        is_raw = (database, table) == (names.xapi_database, names.xapi_table)
        query = count.replace("{table}", qualified(database, table))
        query = query.replace("{event_id}", "toString(event_id)" if is_raw else "''")
        [(sure, perhaps, ids)] = client.query(query, parameters=patterns).result_rows
        if sure or perhaps:
            found.append(Left(database, table, sure, perhaps, sorted(ids) if is_raw else []))
    return found


def description(person: Person, register: Register) -> Iterator[str]:
    """Who it is, for somebody who has to say yes."""
    for what, names in (
        ("users of the LMS", map(str, sorted(person.users))),
        ("names in the LMS", sorted(person.usernames | person.full_names)),
        ("addresses", sorted(person.addresses)),
        ("OpenIDs", sorted(person.openids)),
        ("pseudonyms", sorted(person.pseudonyms)),
    ):
        if listed := ", ".join(names):
            yield f"  {what:<18}{listed}"
    for name in sorted(register.shared):
        yield f"Another user has had {name} as well: what is known by it alone stays."
    for home_page, name in sorted(register.elsewhere):
        yield (
            f"An account {name} of {home_page or 'no home page'} may be somebody else's and stays; "
            f"if it is the learner's, say --home-page {home_page or repr('')}."
        )


def what_stays(stays: list[Left], person: Person, target: Target) -> Iterator[str]:
    """Where the person is still named, and why; OarsError where the project should not."""
    names = raw_names()
    reasons = {
        names.xapi_database: "others sent it, or it came again; raw is the record store's",
        names.event_sink_database: "it is of others, or in a table that only the LMS knows",
        names.operator_database: "the list is yours: edit it",
        f"{target.schema}_seeds": "the file in seeds/ is yours: edit it and run `dbt build`",
    }
    wrong = [
        f"{each.database}.{each.table}"
        for each in stays
        if each.sure_count and each.database not in reasons
    ]
    if wrong:
        raise OarsError(f"Rows are left in {', '.join(wrong)}: run `dbt build --full-refresh`.")
    for each in stays:
        table = f"{each.database}.{each.table}"
        if each.sure_count:
            some = f" ({', '.join(each.event_ids)})" if each.event_ids else ""
            yield f"stays in {table}, {_rows(each.sure_count)}{some}: {reasons[each.database]}"
        if each.perhaps_count:
            why = reasons.get(each.database, "words of others")
            yield f"a name, perhaps another's, in {table}, {_rows(each.perhaps_count)}: {why}"
    named = re.compile(mentions(person))
    for folder in sorted({Path.cwd(), target.project_dir.resolve()}):
        for file in sorted(folder.glob("*.rejects.ndjson")):
            with file.open(errors="replace") as lines:
                if any(named.search(line) for line in lines):
                    yield f"stays in {file}: delete the file"
    if target.credentials.type == "chdb" and snapshots_of(target):
        yield "Snapshots were made before: `oars publish` makes a new one and deletes them."
    if not stays:
        yield "Nothing is left."


def _rows(count: int) -> str:
    return f"{count:,} row{'s' * (count != 1)}"


def _note(client: Client, ops: str, person: Person) -> None:
    known = [
        (each.name, *(name[::-1] if isinstance(name, tuple) else (str(name), "")))
        for each in fields(person)
        for name in sorted(getattr(person, each.name))
    ]
    kinds, names, home_pages = zip(*known, strict=True)
    client.command(
        f"insert into {ops}.being_forgotten select known.1, known.2, known.3 from (select "
        "arrayJoin(arrayZip({kinds:Array(String)}, {names:Array(String)}, "
        "{home_pages:Array(String)})) as known)",
        parameters={"kinds": list(kinds), "names": list(names), "home_pages": list(home_pages)},
    )


def _delete_users(client: Client, names: RawNames, person: Person) -> Iterator[tuple[str, int]]:
    of_users = f"user_id in ({', '.join(map(str, sorted(person.users))) or 'null'})"
    for table in TABLES_OF_USERS:
        if table_exists(client, names.event_sink_database, table):
            yield (
                f"{names.event_sink_database}.{table}",
                _delete(client, names.event_sink(table), of_users),
            )


def _delete(client: Client, table: str, condition: str) -> int:
    counted = client.query(f"select count() from {table} where {condition}")
    rows = int(counted.result_rows[0][0])
    if rows:
        client.command(f"alter table {table} delete where {condition}{WAIT}")
    return rows
