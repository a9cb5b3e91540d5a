"""Forget a learner: out of raw, the event sink and base, and for good."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from oars.claim import live_claims
from oars.connection import OarsError, Target
from oars.identity import (
    ACTORS,
    UNMERGED,
    Person,
    Register,
    accounts,
    columns_of_users,
    identified,
    is_address,
    is_among,
    mentions,
    names_alone,
    names_as_word,
)
from oars.publish import snapshots_of
from oars.raw_tables import RawNames, qualified, raw_names, table_exists
from oars.rows import rows_said

# Of the command, and of one before it that did not come to its end.
KNOWN = "(select name from {ops}.being_forgotten where kind = 'pseudonyms')"
# Actors whose identifier is one of the addresses, in whatever writing: by their pseudonym.
SPELLINGS = """
insert into {ops}.being_forgotten (command, kind, name)
select distinct {{command:UUID}}, 'pseudonyms', actor_id
from ({identified})
where kind in ('account', 'mbox') and match(sent, {{is_address:String}})
"""
NAMED_SO = f"""
select event_id
from ({ACTORS})
where kind = '' or (kind in ('account', 'mbox') and match(sent, {{{{is_address:String}}}}))
"""
# What base did not read, or has of no learner.
UNCLEAR = """
select event_id
from {raw}
where (event_id, toDateTime64(emission_time, 6, 'UTC'), cityHash64(toString(event))) not in (
    select event_id, emission_time, statement_hash
    from {staging}.base_xapi__statements
    where isNotNull(actor_id)
)
"""
# Of the learner are: what base has read of them, what the parser says they sent beside it, and of
# what is of no learner a group of which they are, and what has no actor or cannot be read and names
# them in its text. A row is known by id and time, for others may have sent its id.
OF_THE_LEARNER = """
insert into {ops}.to_forget
with

read as (

    select event_id, emission_time, actor_id
    from {staging}.base_xapi__statements
    where isNotNull(actor_id)

),

unclear as (

    select event_id, emission_time, actor_id
    from ({identified})

),

with_learner as (

    select event_id, emission_time, actor_id from read
    union all
    select event_id, emission_time, actor_id from unclear

),

without_learner as (

    select
        event_id,
        toDateTime64(emission_time, 6, 'UTC') as emission_time,
        toString(event) as body,
        JSONExtractRaw(body, 'actor') as actor,
        actor not in ('', 'null') as is_of_somebody
    from {raw}
    where (event_id, emission_time) not in (select event_id, emission_time from with_learner)

),

-- Of a month that has left raw there are excerpts.
kept as (

    select event_id, emission_time, coalesce(statement_excerpt, '') as body
    from {staging}.base_xapi__statements
    where isNull(actor_id)

)

select {{command:UUID}}, event_id, emission_time
from with_learner
where actor_id in {known}
union distinct
select {{command:UUID}}, event_id, emission_time
from without_learner
where
    if(is_of_somebody, match(actor, {{is_among:String}}), match(body, {{names_alone:String}}))
    or match(if(is_of_somebody, actor, body), {{accounts:String}})
union distinct
select {{command:UUID}}, event_id, emission_time
from kept
where
    (event_id, emission_time) not in (select event_id, emission_time from with_learner)
    and match(body, {{names_alone:String}})
"""
# The engine keeps the conditions of deletions: none names who is forgotten.
THEIR_ROWS = (
    "(event_id, toDateTime64(emission_time, 6, 'UTC')) in "
    "(select event_id, emission_time from {ops}.to_forget where command = '{command}')"
)
THEIR_USERS = (
    "user_id in (select toInt64OrNull(name) from {ops}.being_forgotten "
    "where kind = 'users' and command = '{command}')"
)
# What is kept of a learner, see macros/model/is_forgotten.sql.
HASH = "lower(hex(SHA256(concat((select any(salt) from {ops}.salt), {name}))))"
REMEMBERED = f"""
insert into {{ops}}.forgotten (actor_hash)
select distinct {HASH.format(ops="{ops}", name="if(kind = 'users', concat('user ', name), name)")}
    as actor_hash
from {{ops}}.being_forgotten
where
    kind in ('pseudonyms', 'users')
    and actor_hash not in (select actor_hash from {{ops}}.forgotten)
"""
WAIT = " settings mutations_sync = 2, allow_nondeterministic_mutations = 1"
BUILT = ("staging", "intermediate", "pii")
NOTED_AT_ONCE = 500
MOST_SHOWN = 10
LONGEST_SHOWN = 100


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


def being_forgotten(client: Client, schema: str) -> tuple[Person, list[str]]:
    """Whom commands that did not come to their end were forgetting, and the ids of these."""
    person = Person()
    commands: set[str] = set()
    if table_exists(client, f"{schema}_ops", "being_forgotten"):
        rows = client.query(f"select command, kind, name from {schema}_ops.being_forgotten")
        for command, kind, name in rows.result_rows:
            getattr(person, kind).add(int(name) if kind == "users" else name)
            commands.add(str(command))
    return person, sorted(commands)


def forget(client: Client, schema: str, person: Person, command: str) -> Iterator[tuple[str, int]]:
    """Delete a learner's rows; yields each table with the number of rows that it had of them.

    `has_ended` is to be called when states and marts have followed. A command that is killed before
    has to be repeated, and finds then whom it was forgetting. OarsError while a run is at work.
    """
    names = raw_names()
    ops, staging = f"{schema}_ops", f"{schema}_staging"
    raw = names.statements
    # Who was asked may have taken long to say yes.
    require_rest(client, schema)
    patterns = {
        "is_address": is_address(person),
        "is_among": is_among(person),
        "names_alone": names_alone(person),
        "accounts": accounts(person),
    }
    _require_readable(client, patterns)
    # Who it is comes first, for the tables that tell are among those to be deleted from.
    _note(client, ops, person, command)
    patterns["command"] = command
    spelled = identified(client, staging, NAMED_SO.format(raw=raw))
    client.command(SPELLINGS.format(ops=ops, identified=spelled) + UNMERGED, parameters=patterns)
    unclear = identified(client, staging, UNCLEAR.format(raw=raw, staging=staging))
    client.command(
        OF_THE_LEARNER.format(
            ops=ops, staging=staging, raw=raw, identified=unclear, known=KNOWN.format(ops=ops)
        )
        + UNMERGED,
        parameters=patterns,
    )
    client.command(REMEMBERED.format(ops=ops))
    theirs = THEIR_ROWS.format(ops=ops, command=command)
    users = THEIR_USERS.format(ops=ops, command=command)
    yield f"{names.xapi_database}.{names.xapi_table}", _delete(client, raw, theirs)
    yield from _delete_users(client, names, users)
    # Base at once; states and marts follow with the run.
    base = qualified(staging, "base_xapi__statements")
    yield f"{staging}.base_xapi__statements", _delete(client, base, theirs)


def _require_readable(client: Client, patterns: dict[str, str]) -> None:
    """Stop before anything is noted where the engine has no room for a pattern."""
    for pattern in patterns.values():
        try:
            client.query("select match('', {pattern:String})", parameters={"pattern": pattern})
        except DatabaseError as error:
            raise OarsError(
                "The learner is known by more or longer names than can be searched for: name them "
                "in several commands, each with one --email or --username."
            ) from error


def has_ended(client: Client, schema: str, commands: list[str]) -> None:
    """Drop the notes of whom these commands were about."""
    listed = ", ".join(f"'{command}'" for command in commands)
    for table in ("to_forget", "being_forgotten"):
        client.command(f"alter table {schema}_ops.{table} delete where command in ({listed}){WAIT}")


def was_forgotten(client: Client, schema: str, person: Person) -> bool:
    """Whether somebody so named has been forgotten before."""
    ops = f"{schema}_ops"
    names = sorted(person.pseudonyms | {f"user {user}" for user in person.users})
    count = (
        f"select count() from {ops}.forgotten where actor_hash in "
        f"(select {HASH.format(ops=ops, name='arrayJoin({names:Array(String)})')})"
    )
    return bool(client.query(count, parameters={"names": names}).result_rows[0][0])


def rows_left(client: Client, schema: str) -> list[str]:
    """Relations that a run builds and that still have rows of who is being forgotten, by key."""
    tables = client.query(
        "select database, table from system.columns where name = 'actor_id' "
        "and database in {databases:Array(String)} and table != 'base_xapi__parsed_statements' "
        "group by database, table order by database, table",
        # Seeds are the operator's: `left` names them.
        parameters={"databases": _databases(schema, BUILT)},
    ).result_rows
    count = f"select count() from {{}} where actor_id in {KNOWN.format(ops=f'{schema}_ops')}"
    return [
        f"{database}.{table}"
        for database, table in tables
        if client.query(count.format(qualified(database, table))).result_rows[0][0]
    ]


def _databases(schema: str, parts: tuple[str, ...]) -> list[str]:
    return [schema, *(f"{schema}_{part}" for part in parts)]


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
        "database in {databases:Array(String)} "
        "and name not in ('being_forgotten', 'to_forget') order by database, name",
        parameters={"databases": names.databases() + _databases(schema, (*BUILT, "seeds", "ops"))},
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
        if listed := ", ".join(map(shown, names)):
            yield f"  {what:<18}{listed}"
    for name in sorted(register.shared):
        yield f"Another user has had {shown(name)} as well: what is known by it alone stays."
    for home_page, name in sorted(register.elsewhere)[:MOST_SHOWN]:
        option = f"--home-page {shlex.quote(shown(home_page))}"
        yield (
            f"An account {shown(name)} of {shown(home_page) or 'no home page'} may be somebody "
            f"else's and stays; if it is the learner's, say {option}."
        )
    if len(register.elsewhere) > MOST_SHOWN:
        yield f"And {len(register.elsewhere) - MOST_SHOWN:,} more accounts of such names."


def shown(name: str) -> str:
    """A name on one line, and not longer than a line: whoever has it chose it."""
    line = " ".join(name.split())
    return line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}..."


def what_stays(stays: list[Left], person: Person, target: Target) -> Iterator[str]:
    """Where the person is still named, and why."""
    said = [*_in_tables(stays, target), *_in_files(person, target)]
    yield from said or ["Nothing is left."]


def _in_tables(stays: list[Left], target: Target) -> Iterator[str]:
    names = raw_names()
    reasons = {
        names.xapi_database: "others sent it, or it came again; raw is the record store's",
        names.event_sink_database: "it is of others, or in a table that only the LMS knows",
        names.operator_database: "the list is yours: edit it",
        f"{target.schema}_seeds": "the file in seeds/ is yours: edit it and run `dbt build`",
    }
    for each in stays:
        table = f"{each.database}.{each.table}"
        why = reasons.get(each.database, "words of others")
        if each.sure_count:
            some = f" ({', '.join(each.event_ids)})" if each.event_ids else ""
            yield f"stays in {table}, {rows_said(each.sure_count)}{some}: {why}"
        if each.perhaps_count:
            yield f"a name, perhaps another's, in {table}, {rows_said(each.perhaps_count)}: {why}"


def _in_files(person: Person, target: Target) -> Iterator[str]:
    for file in _rejects(target):
        with file.open(errors="replace") as lines:
            texts = list(lines)
        for pattern, what in (
            (mentions(person), "stays"),
            (names_as_word(person), "a name, perhaps another's,"),
        ):
            if any(re.search(pattern, text) for text in texts):
                yield f"{what} in {file}: delete the file"
                break
    if target.credentials.type == "chdb" and snapshots_of(target):
        yield "Snapshots were made before: `oars publish` makes a new one and deletes them."


def _rejects(target: Target) -> list[Path]:
    folders = {Path.cwd(), target.project_dir.resolve()}
    return sorted({file for folder in folders for file in folder.glob("*rejects*.ndjson")})


def _note(client: Client, ops: str, person: Person, command: str) -> None:
    known = [
        (each.name, str(name))
        for each in fields(person)
        for name in sorted(getattr(person, each.name))
    ]
    for at in range(0, len(known), NOTED_AT_ONCE):
        kinds, names = zip(*known[at : at + NOTED_AT_ONCE], strict=True)
        client.command(
            f"insert into {ops}.being_forgotten (command, kind, name) "
            "select {command:UUID}, known.1, known.2 from "
            "(select arrayJoin(arrayZip({kinds:Array(String)}, {names:Array(String)})) as known)",
            parameters={"command": command, "kinds": list(kinds), "names": list(names)},
        )


def _delete_users(client: Client, names: RawNames, of_users: str) -> Iterator[tuple[str, int]]:
    for table in columns_of_users(client, names):
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
