"""Forget a learner: out of raw, the event sink and base, and for good."""

import json
from collections.abc import Iterator

from clickhouse_connect.driver.client import Client

from oars.claim import live_claims
from oars.connection import OarsError
from oars.raw_tables import RawNames, qualified, raw_names, table_exists

# Of the learner are: what base read, what raw has beside it, and what base could not use, has of no
# learner (a group, a statement that takes another back) or has not tried yet. The last are found by
# their text, for they have no actor.
OF_THE_LEARNER = """
insert into {ops}.to_forget
select event_id
from {staging}.base_xapi__statements
where
    actor_id = {{actor:String}}
    or (
        isNull(actor_id)
        and multiSearchAny(coalesce(statement_excerpt, ''), {{names:Array(String)}})
    )
union distinct
select event_id from {staging}.base_xapi__parsed_statements
where
    event_id not in (select event_id from {staging}.base_xapi__statements)
    and actor_id = {{actor:String}}
union distinct
select event_id from {raw}
where
    event_id not in (
        select event_id from {staging}.base_xapi__statements where isNotNull(actor_id)
    )
    and event_id not in (
        select event_id from {staging}.base_xapi__parsed_statements
        where
            event_id not in (select event_id from {staging}.base_xapi__statements)
            and isNotNull(actor_id)
    )
    and multiSearchAny(toString(event), {{names:Array(String)}})
"""
# What the learner's own statements name them by.
NAMES_SENT = """
select distinct arrayJoin([
    ('name', JSONExtractString(toString(event), 'actor', 'account', 'name')),
    ('', JSONExtractString(toString(event), 'actor', 'mbox')),
    ('', JSONExtractString(toString(event), 'actor', 'mbox_sha1sum')),
    ('', JSONExtractString(toString(event), 'actor', 'openid'))
]) as sent
from {raw}
where event_id in (
    select event_id from {staging}.base_xapi__statements where actor_id = {{actor:String}}
)
"""
# The address is hashed bare by the LMS, with its scheme by xAPI.
OF_THE_ADDRESS = (
    "{actor:String} in (lower(hex(SHA1(email))), lower(hex(SHA1(concat('mailto:', email)))))"
)
WAIT = " settings mutations_sync = 2, allow_nondeterministic_mutations = 1"


def forget(client: Client, schema: str, actor: str) -> Iterator[tuple[str, int]]:
    """Delete a learner's rows; yields each table with the number of rows that it had of them."""
    names = raw_names()
    ops, staging = f"{schema}_ops", f"{schema}_staging"
    if not actor.strip():
        raise OarsError("No learner is named: give the actor_id, as marts have it.")
    if not table_exists(client, staging, "base_xapi__statements"):
        raise OarsError("Nothing has run on this database yet: run `dbt build` first.")
    if live_claims(client, ops):
        raise OarsError("A run is at work on this database: wait until it has ended.")
    users = _user_ids(client, names, actor)
    # The ids come first: once the hash is kept, nobody is told any more who sent what waits. Those
    # of a command that was killed are still there.
    client.command(
        OF_THE_LEARNER.format(ops=ops, staging=staging, raw=names.statements),
        parameters={"actor": actor, "names": _names(client, names, staging, actor, users)},
    )
    client.command(
        f"insert into {ops}.forgotten (actor_hash) "
        f"select {ops_hash(ops)} where {ops_hash(ops)} not in "
        f"(select actor_hash from {ops}.forgotten)",
        parameters={"actor": actor},
    )
    theirs = f"event_id in (select event_id from {ops}.to_forget)"
    yield (
        f"{names.xapi_database}.{names.xapi_table}",
        _delete(client, names.statements, theirs, actor),
    )
    sink = names.event_sink_database
    of_users = f"user_id in ({', '.join(map(str, users)) or 'null'})"
    for table in ("user_profile", "course_enrollment", "external_id"):
        if table_exists(client, sink, table):
            yield f"{sink}.{table}", _delete(client, names.event_sink(table), of_users, actor)
    # Base at once; states and marts follow with the run.
    base = qualified(staging, "base_xapi__statements")
    yield f"{staging}.base_xapi__statements", _delete(client, base, theirs, actor)
    client.command(f"truncate table {ops}.to_forget")


def _user_ids(client: Client, names: RawNames, actor: str) -> list[int]:
    """The numbers, in the LMS, of a learner named by external id or by hash of the address."""
    found: set[int] = set()
    for table, condition in (
        ("external_id", "toString(external_user_id) = {actor:String}"),
        ("user_profile", OF_THE_ADDRESS),
    ):
        if table_exists(client, names.event_sink_database, table):
            rows = client.query(
                f"select distinct user_id from {names.event_sink(table)} where {condition}",
                parameters={"actor": actor},
            ).result_rows
            found |= {int(user_id) for (user_id,) in rows}
    return sorted(found)


def _names(
    client: Client, names: RawNames, staging: str, actor: str, users: list[int]
) -> list[str]:
    """How a statement without actor may name the learner: by pseudonym, name or address."""
    found = [f'"{actor}"']
    sent = client.query(
        NAMES_SENT.format(raw=names.statements, staging=staging), parameters={"actor": actor}
    ).result_rows
    for ((key, name),) in sent:
        if name:
            quoted = json.dumps(name, ensure_ascii=False)
            # A number may be anything but for its key.
            found += [f'"{key}": {quoted}', f'"{key}":{quoted}'] if key else [quoted]
    if users and table_exists(client, names.event_sink_database, "user_profile"):
        rows = client.query(
            f"select distinct email from {names.event_sink('user_profile')} "
            f"where user_id in ({', '.join(map(str, users))}) and email != ''"
        ).result_rows
        for (address,) in rows:
            found += [f'"{address}"', f'mailto:{address}"']
    return found


def ops_hash(ops: str) -> str:
    """What is kept of the learner: a hash with the salt of this installation."""
    return f"lower(hex(SHA256(concat((select any(salt) from {ops}.salt), {{actor:String}}))))"


def remains(client: Client, schema: str, actor: str) -> list[str]:
    """Relations of the project that still have rows of the learner."""
    tables = client.query(
        "select database, table from system.columns "
        "where name = 'actor_id' and (database = {schema:String} "
        "or database in ({staging:String}, {intermediate:String}, {pii:String})) "
        "group by database, table",
        parameters={
            "schema": schema,
            "staging": f"{schema}_staging",
            "intermediate": f"{schema}_intermediate",
            "pii": f"{schema}_pii",
        },
    ).result_rows
    count = "select count() from {} where actor_id = {{actor:String}}"
    return [
        f"{database}.{table}"
        for database, table in tables
        if client.command(count.format(qualified(database, table)), parameters={"actor": actor})
    ]


def _delete(client: Client, table: str, condition: str, actor: str) -> int:
    counted = client.query(
        f"select count() from {table} where {condition}", parameters={"actor": actor}
    )
    rows = int(counted.result_rows[0][0])
    if rows:
        quoted = actor.replace("\\", "\\\\").replace("'", "\\'")
        where = condition.replace("{actor:String}", f"'{quoted}'")
        client.command(f"alter table {table} delete where {where}{WAIT}")
    return rows
