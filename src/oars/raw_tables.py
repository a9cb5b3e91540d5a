"""The raw databases and tables, exactly as an Open edX installation has them.

And the operator's two, in a database of their own: who is staff of which course, and programs.
"""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from oars.connection import OarsError

STATEMENTS = """
    event_id UUID,
    emission_time DateTime64(6),
    event String
) ENGINE = {engine}ReplacingMergeTree
PARTITION BY toYYYYMM(emission_time)
PRIMARY KEY (emission_time, event_id)
ORDER BY (emission_time, event_id)
"""

EVENT_SINK = {
    "course_overviews": """
    org String,
    course_key String,
    display_name String,
    course_start String,
    course_end String,
    enrollment_start String,
    enrollment_end String,
    self_paced Bool,
    course_data_json String,
    created String,
    modified String,
    dump_id UUID,
    time_last_dumped String
) ENGINE = {engine}MergeTree
PRIMARY KEY (org, course_key, modified, time_last_dumped)
ORDER BY (org, course_key, modified, time_last_dumped)
""",
    "course_blocks": """
    org String,
    course_key String,
    location String,
    display_name String,
    xblock_data_json String,
    order Int32 DEFAULT 0,
    edited_on String,
    dump_id UUID,
    time_last_dumped String
) ENGINE = {engine}MergeTree
PRIMARY KEY (org, course_key, location, edited_on)
ORDER BY (org, course_key, location, edited_on, order)
""",
    "course_relationships": """
    course_key String,
    parent_location String,
    child_location String,
    order Int32,
    dump_id UUID,
    time_last_dumped String
) ENGINE = {engine}MergeTree
PRIMARY KEY (course_key, parent_location, child_location, time_last_dumped)
ORDER BY (course_key, parent_location, child_location, time_last_dumped, order)
""",
    "user_profile": """
    id Int32,
    user_id Int32,
    name String,
    username String DEFAULT '',
    email String DEFAULT '',
    meta String,
    courseware String,
    language String,
    location String,
    year_of_birth String,
    gender String,
    level_of_education String,
    mailing_address String,
    city String,
    country String,
    state String,
    goals String,
    bio String,
    profile_image_uploaded_at String,
    phone_number String,
    dump_id UUID,
    time_last_dumped String
) ENGINE = {engine}ReplacingMergeTree
PARTITION BY user_id MOD 100
PRIMARY KEY (id, time_last_dumped)
ORDER BY (id, time_last_dumped)
""",
    "external_id": """
    external_user_id UUID,
    external_id_type String,
    username String,
    user_id Int32,
    dump_id UUID,
    time_last_dumped String
) ENGINE = {engine}ReplacingMergeTree
PARTITION BY user_id MOD 100
PRIMARY KEY (external_user_id, time_last_dumped)
ORDER BY (external_user_id, time_last_dumped)
""",
    "course_enrollment": """
    id Int32,
    course_key String,
    created String,
    is_active Bool,
    mode LowCardinality(String),
    username String,
    user_id Int32,
    dump_id UUID,
    time_last_dumped String
) ENGINE = {engine}MergeTree
PRIMARY KEY (course_key, user_id, time_last_dumped)
ORDER BY (course_key, user_id, time_last_dumped)
""",
    "tag": """
    id Int32,
    taxonomy Int32,
    parent Int32,
    value String,
    external_id String,
    lineage String,
    dump_id UUID,
    time_last_dumped String
) ENGINE = {engine}ReplacingMergeTree
PRIMARY KEY (id, time_last_dumped)
ORDER BY (id, time_last_dumped)
""",
    "taxonomy": """
    id Int32,
    name String,
    dump_id UUID,
    time_last_dumped String
) ENGINE = {engine}ReplacingMergeTree
PRIMARY KEY (id, time_last_dumped)
ORDER BY (id, time_last_dumped)
""",
    "object_tag": """
    id Int32,
    object_id String,
    taxonomy Int32,
    tag Int32,
    _value String,
    _export_id String,
    lineage String,
    dump_id UUID,
    time_last_dumped String
) ENGINE = {engine}ReplacingMergeTree
PRIMARY KEY (id, time_last_dumped)
ORDER BY (id, time_last_dumped)
""",
}

NOT_READ = frozenset({"course_relationships", "object_tag", "taxonomy"})
"""Tables of the event sink that no model reads: a run does without."""

OPTIONAL = frozenset({"course_enrollment", "external_id", "tag", "user_profile"})
"""Tables of the event sink that a site may lack: what they would tell is then empty."""

OPERATOR = {
    "course_staff": """
    username String,
    course_key String
) ENGINE = {engine}MergeTree
ORDER BY (username, course_key)
""",
    "programs": """
    program_key String,
    program_name String,
    course_key String
) ENGINE = {engine}MergeTree
ORDER BY (program_key, course_key)
""",
}


@dataclass(frozen=True)
class RawNames:
    """What the raw databases and the table of statements are called in this installation."""

    xapi_database: str
    xapi_table: str
    event_sink_database: str
    operator_database: str

    def databases(self) -> list[str]:
        """The databases that others write to."""
        return [self.xapi_database, self.event_sink_database, self.operator_database]

    @property
    def statements(self) -> str:
        """The table of statements, quoted."""
        return qualified(self.xapi_database, self.xapi_table)

    def event_sink(self, table: str) -> str:
        """A table of the event sink, quoted."""
        return qualified(self.event_sink_database, table)

    def tables(self) -> Iterator[tuple[str, str, str]]:
        """Database, table and body of the CREATE statement of each raw table."""
        yield self.xapi_database, self.xapi_table, STATEMENTS
        for table, body in EVENT_SINK.items():
            yield self.event_sink_database, table, body
        for table, body in OPERATOR.items():
            yield self.operator_database, table, body


def raw_names() -> RawNames:
    """The names from the environment; the models read the same variables."""
    return RawNames(
        xapi_database=os.environ.get("OARS_XAPI_DATABASE", "xapi"),
        xapi_table=os.environ.get("OARS_XAPI_TABLE", "xapi_events_all"),
        event_sink_database=os.environ.get("OARS_EVENT_SINK_DATABASE", "event_sink"),
        operator_database=os.environ.get("OARS_OPERATOR_DATABASE", "oars_operator"),
    )


def qualified(database: str, table: str) -> str:
    """`database`.`table`, quoted."""
    return f"`{database}`.`{table}`"


def create_missing(
    client: Client, cluster: str | None, is_ours: bool, wanted: Collection[str] = ()
) -> dict[str, str]:
    """Create what is missing; says of each raw table whether it was `created`.

    A database that is there may be somebody else's. Where it is not ours by what `is_ours` says, a
    table that it lacks is made only if `wanted` has its name, and is `missing` otherwise. OarsError
    where a name is none of a raw table.
    """
    names = raw_names()
    tables = {
        f"{database}.{table}": (database, table, body) for database, table, body in names.tables()
    }
    if unknown := sorted(set(wanted) - set(tables)):
        raise OarsError(f"{unknown[0]} is no raw table: choose of {', '.join(tables)}.")
    found = client.query("select name from system.databases").result_columns[0]
    theirs = set() if is_ours else {*found} & {names.xapi_database, names.event_sink_database}
    on_cluster = f" ON CLUSTER '{cluster}'" if cluster else ""
    states = {}
    for name, (database, table, body) in tables.items():
        if table_exists(client, database, table):
            states[name] = "already there"
        elif database in theirs and name not in wanted:
            states[name] = "missing"
        else:
            client.command(f"CREATE DATABASE IF NOT EXISTS `{database}`{on_cluster}")
            client.command(create_statement(database, table, body, cluster))
            states[name] = "created"
    return states


def create_statement(database: str, table: str, body: str, cluster: str | None = None) -> str:
    """The CREATE statement of a raw table, replicated where there is a cluster."""
    on_cluster = f" ON CLUSTER '{cluster}'" if cluster else ""
    definition = body.format(engine="Replicated" if cluster else "")
    # IF NOT EXISTS: another node, or the LMS, may create it in the same moment.
    return f"CREATE TABLE IF NOT EXISTS {qualified(database, table)}{on_cluster} ({definition}"


def table_columns(table: str) -> list[str]:
    """The names of the columns of an event_sink or operator table, in the table's order."""
    return list(column_types({**EVENT_SINK, **OPERATOR}[table]))


def column_types(body: str) -> dict[str, str]:
    """Column -> type, of the body of a CREATE statement."""
    lines = body.partition("\n) ENGINE")[0].strip().splitlines()
    found = {}
    for line in lines:
        name, kind = line.strip().rstrip(",").partition(" DEFAULT")[0].split(" ", 1)
        found[name] = kind
    return found


def table_exists(client: Client, database: str, table: str) -> bool:
    """Whether the table is there."""
    found = client.query(
        "select count() from system.tables "
        "where database = {database:String} and name = {name:String}",
        parameters={"database": database, "name": table},
    )
    return bool(found.result_rows[0][0])


def require_tables(client: Client, tables: list[tuple[str, str]]) -> None:
    """Stop with one sentence where a raw table is missing."""
    for database, table in tables:
        if not table_exists(client, database, table):
            raise OarsError(
                f"The raw table {database}.{table} does not exist: run `oars init` to create "
                "what is missing."
            )
