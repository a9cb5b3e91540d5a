"""Who may do what on a server, made from dbt's manifest, so that a new mart is in it.

There is a role for each thing that is done with the database. A role has its grants in one
statement, which takes the place of what the role had: nothing is left over from before, and nobody
is without in between. Profiles, quotas and users are altered and never made anew, for others refer
to them by an id that would be another.
"""

import hashlib
import ipaddress
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from oars.connection import OarsError
from oars.identity import TABLES_OF_USERS
from oars.raw_tables import NOT_READ, RawNames, qualified

# What dbt and `oars` send to the databases that are the project's own. Who may make and drop tables
# may do so with views.
OWN = (
    *("select", "insert", "alter delete", "alter update", "alter add column", "truncate"),
    *("create database", "create table", "drop table"),
)
# Of a database whose models are turned off: enough to see what is left there, and to drop it.
TURNED_OFF = ("show tables", "drop table")
# What the macros, `oars` and the adapter of dbt read of the server itself. A test looks for others.
SYSTEM = ("columns", "databases", "disks", "parts", "processes", "settings", "tables")
# What the driver reads, in Superset and elsewhere, before it sends a query.
SYSTEM_OF_DRIVER = ("columns", "databases", "settings", "tables")
# A server may ask for a grant of each engine (table_engines_require_grant).
ENGINES = ("AggregatingMergeTree", "MergeTree", "ReplacingMergeTree")
# A run asks all servers of a cluster what they execute; `on cluster` wants a grant, too.
OF_A_CLUSTER = [(("cluster",), "*.*"), (("read",), "REMOTE")]
VIEWS = ("view", "steady_view", "ephemeral")
ROLES_WITH_USERS = ("dbt", "dashboards", "analyst", "pii_reader")
NOBODYS_HASH = "0" * 64
"""Of a user who has no password yet: no password is known that has it."""

# `const`: a client cannot set another value. With readonly = 2 a client may set settings, as the
# driver does, but not write; with 1 the driver would be refused.
READS_ONLY = ("readonly = 2", "allow_ddl = 0 const")
LIMITS_OF_DASHBOARDS = (
    "max_memory_usage = 4000000000 const",
    "max_execution_time = 60 const",
    "max_result_rows = 1000000 const",
    "max_result_bytes = 200000000 const",
)
LIMITS_OF_ANALYSTS = (
    "max_memory_usage = 4000000000 const",
    "max_execution_time = 300 const",
    "max_result_rows = 10000000 const",
    # Of all queries that one user has at work.
    "max_memory_usage_for_user = 8000000000 const",
    "max_concurrent_queries_for_user = 10 const",
    "max_temporary_data_on_disk_size_for_user = 20000000000 const",
)
# A log that a client could thin out or cut would be none.
LOGGED = (
    "log_queries = 1 const",
    "log_queries_probability = 1 const",
    "log_queries_min_type = 'QUERY_START' const",
    "log_queries_min_query_duration_ms = 0 const",
    "log_queries_cut_to_length = 100000 const",
)

Rights = list[tuple[tuple[str, ...], str]]
"""Privileges, and on what."""


@dataclass(frozen=True)
class Part:
    """Statements that belong together, and what they are for."""

    heading: str
    statements: tuple[str, ...]

    def __str__(self) -> str:
        """The statements as a script."""
        return f"-- {self.heading}\n" + "\n".join(f"{each};" for each in self.statements)


@dataclass(frozen=True)
class Role:
    """What one kind of user may do."""

    name: str
    heading: str
    rights: Rights
    settings: tuple[str, ...] = ()
    """Of who only reads."""
    queries: int = 0
    """How many an hour, in an hour of the engine's time; 0 of a user whom many people share, for
    what one of them uses up would be refused to all."""
    also: tuple[str, ...] = ()
    """Roles that its user has besides."""
    database: str = ""
    """Where its user begins."""


@dataclass(frozen=True)
class Site:
    """The database as the project sees it: dbt's manifest, raw names, and where they are."""

    manifest: Any
    raw: RawNames
    schema: str
    cluster: str | None = None

    @property
    def on_cluster(self) -> str:
        """What an access statement says on a cluster."""
        return f" on cluster '{self.cluster}'" if self.cluster else ""

    def name(self, of: str) -> str:
        """The name of a role, a profile, a quota or a user of this installation, quoted."""
        return quoted(f"{self.schema}_{of}")

    def nodes(self) -> list[Any]:
        """Models and seeds that are turned on."""
        nodes = self.manifest.nodes.values()
        return [node for node in nodes if node.resource_type in ("model", "seed", "snapshot")]

    def databases(self) -> list[str]:
        """The databases that dbt writes to."""
        return sorted({node.schema for node in self.nodes()} | {f"{self.schema}_ops"})

    def turned_off(self) -> list[str]:
        """Databases of which every model is turned off, as of personal data."""
        off = [node for nodes in self.manifest.disabled.values() for node in nodes]
        schemas = {node.schema for node in off if node.resource_type in ("model", "seed")}
        return sorted(schemas - set(self.databases()))

    def sources(self) -> list[str]:
        """The tables that dbt reads and others write."""
        sources = self.manifest.sources.values()
        return sorted(qualified(source.schema, source.identifier) for source in sources)

    def marts(self, is_pii: bool = False) -> list[Any]:
        """The public models, without those of personal data, or these alone."""
        return sorted(
            (
                node
                for node in self.nodes()
                if node.resource_type == "model"
                and node.config.access == "public"
                and (node.schema == f"{self.schema}_pii") == is_pii
            ),
            key=lambda node: (node.schema, node.alias),
        )

    def read(self, marts: Iterable[Any]) -> Rights:
        """Rights to read marts. Of a view ClickHouse asks for what it reads, too."""
        found: dict[str, None] = {}
        waiting = list(marts)
        while waiting:
            node = waiting.pop(0)
            if node.resource_type == "source":
                found[qualified(node.schema, node.identifier)] = None
                continue
            if node.config.materialized != "ephemeral":
                found[qualified(node.schema, node.alias)] = None
            if node.config.materialized in VIEWS:
                known = {**self.manifest.nodes, **self.manifest.sources}
                waiting += [known[parent] for parent in node.depends_on.nodes if parent in known]
        return [(("select",), relation) for relation in found]


def quoted(name: str) -> str:
    """A name, quoted."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def system(tables: Iterable[str]) -> Rights:
    """Rights to read tables of the server."""
    return [(("select",), f"system.{table}") for table in tables]


def roles(site: Site) -> list[Role]:
    """The roles of every installation."""
    marts = site.marts()
    # Who may see which course is for the dashboards to know, and for nobody to look at.
    datasets = [mart for mart in marts if mart.config.meta.get("dataset") is not False]
    found = [
        Role(
            "dbt",
            "dbt, and the command oars but for `oars init`, `oars load` and `oars forget`",
            rights_of_dbt(site),
        ),
        Role(
            "eraser",
            "`oars forget`: for the user who runs it, beside the role of dbt",
            _rights_of_eraser(site.raw),
        ),
        Role(
            "dashboards",
            "Superset: the marts, and what those that are views read",
            site.read(marts) + system(SYSTEM_OF_DRIVER),
            READS_ONLY + LIMITS_OF_DASHBOARDS,
            database=site.schema,
        ),
        Role(
            "analyst",
            "Analysts: the marts",
            site.read(datasets) + system(SYSTEM_OF_DRIVER),
            READS_ONLY + LIMITS_OF_ANALYSTS,
            queries=2_000,
            database=site.schema,
        ),
    ]
    if personal := site.marts(is_pii=True):
        found.append(
            Role(
                "pii_reader",
                "Who may know who the learners are",
                site.read(personal),
                READS_ONLY + LIMITS_OF_ANALYSTS + LOGGED,
                queries=1_000,
                also=("analyst",),
                database=f"{site.schema}_pii",
            )
        )
    return found


def rights_of_dbt(site: Site) -> Rights:
    """What dbt and `oars` need."""
    return _rights(site.sources(), site.databases(), site.turned_off(), site.cluster)


def shipped_rights(raw: RawNames, schema: str, cluster: str | None, is_pii: bool) -> Rights:
    """The same of the project as it is shipped, without a manifest, which takes dbt its time.

    What models of a site's own need besides is not among them.
    """
    read = [(db, table) for db, table, _ in raw.tables() if table not in NOT_READ]
    own = [schema, *(f"{schema}_{of}" for of in ("intermediate", "ops", "seeds", "staging"))]
    personal = [f"{schema}_pii"]
    return _rights(
        sorted(qualified(*each) for each in read),
        sorted(own + (personal if is_pii else [])),
        [] if is_pii else personal,
        cluster,
    )


def _rights(
    sources: list[str], databases: list[str], turned_off: list[str], cluster: str | None
) -> Rights:
    engines = [f"Replicated{engine}" for engine in ENGINES] if cluster else []
    rights: Rights = [(("select",), source) for source in sources]
    rights += [(OWN, f"{quoted(database)}.*") for database in databases]
    rights += [(TURNED_OFF, f"{quoted(database)}.*") for database in turned_off]
    rights += system(SYSTEM)
    rights += [(("table engine",), engine) for engine in (*ENGINES, *engines)]
    return rights + (OF_A_CLUSTER if cluster else [])


def _rights_of_eraser(raw: RawNames) -> Rights:
    # At the end it looks at all texts, whoever wrote them.
    rights: Rights = [(("select",), f"{quoted(database)}.*") for database in raw.databases()]
    deleted = [raw.statements, *map(raw.event_sink, TABLES_OF_USERS)]
    return rights + [(("alter delete",), table) for table in deleted]


def parts(
    site: Site,
    organizations: Iterable[str] = (),
    passwords: dict[str, str] | None = None,
    networks: Iterable[str] = (),
) -> list[Part]:
    """All that is to be said to the server. What limits comes before what grants."""
    known = roles(site)
    names = sorted(set(organizations))
    rows = list(_rows_of_organizations(site, names)) if names else []
    if rows:
        known.append(_organization_analyst(site))
    made = [f"create role if not exists {site.name(r.name)}{site.on_cluster}" for r in known]
    if not site.marts(is_pii=True):
        made.append(f"drop role if exists {site.name('pii_reader')}{site.on_cluster}")
    return [
        Part("Roles: what one kind of user may do", tuple(made)),
        Part("Limits of those who only read", tuple(_limits(site, known))),
        *rows,
        *(Part(role.heading, (_grant(site, role),)) for role in known),
        *_users(site, known, passwords or {}, list(networks)),
    ]


def _grant(site: Site, role: Role) -> str:
    listed = ",\n".join(f"    {', '.join(what)} on {on}" for what, on in role.rights)
    return f"grant{site.on_cluster}\n{listed}\nto {site.name(role.name)} with replace option"


def _limits(site: Site, known: list[Role]) -> Iterator[str]:
    for role in known:
        if role.settings:
            name, on_cluster = site.name(role.name), site.on_cluster
            settings = ",\n    ".join(role.settings)
            yield f"create settings profile if not exists {name}{on_cluster}"
            yield f"alter settings profile {name}{on_cluster} settings\n    {settings}\nto {name}"
            yield f"create quota if not exists {name}{on_cluster}"
            most = f"max queries = {role.queries}, execution_time = 3600"
            yield (
                f"alter quota {name}{on_cluster} keyed by user_name for interval 1 hour "
                f"{most if role.queries else 'no limits'} to {name}"
            )


def _organization_analyst(site: Site) -> Role:
    """The role that those of all organizations have; by itself it sees no row."""
    return Role(
        "organization_analyst",
        "Analysts of organizations: marts of courses, with the rows of their organization",
        site.read(_of_courses(site)) + system(SYSTEM_OF_DRIVER),
        READS_ONLY + LIMITS_OF_ANALYSTS,
        queries=2_000,
    )


def _of_courses(site: Site) -> list[Any]:
    """Marts whose rows are of an organization. Of a view the tables below would show the rest."""
    return [
        mart
        for mart in site.marts()
        if {"org", "course_key"} & mart.columns.keys() and mart.config.materialized not in VIEWS
    ]


def _rows_of_organizations(site: Site, organizations: list[str]) -> Iterator[Part]:
    everybody, on_cluster = site.name("organization_analyst"), site.on_cluster
    others = site.name("others")
    marts = [(qualified(mart.schema, mart.alias), mart.columns) for mart in _of_courses(site)]
    # Said of everybody, for a server may give all rows, or none, to whom no policy of a table names
    # (users_without_row_policies_can_read_rows). Others first: they are never without rows.
    yield Part(
        "Rows: all for others, none for analysts of organizations but those that follow",
        tuple(
            f"create row policy or replace {name} on {mart}{on_cluster} using {condition}"
            for mart, _ in marts
            for name, condition in (
                (others, f"1 to all except {everybody}"),
                (everybody, f"0 to {everybody}"),
            )
        ),
    )
    for organization in organizations:
        role = site.name(f"analyst_of_{organization}")
        yield Part(
            f"Analysts of {organization}: their rows, and the role for those who are",
            (
                f"create role if not exists {role}{on_cluster}",
                *(
                    f"create row policy or replace {role} on {mart}{on_cluster} "
                    f"using {_is_of(organization, columns)} to {role}"
                    for mart, columns in marts
                ),
                f"grant{on_cluster} {everybody} to {role}",
            ),
        )


def _is_of(organization: str, columns: Iterable[str]) -> str:
    if "org" in columns:
        return f"org = '{organization}'"
    return f"extract(course_key, '^(?:[a-z]+-v1:)*([^+/]+)[+/]') = '{organization}'"


def _users(
    site: Site, known: list[Role], passwords: dict[str, str], networks: list[str]
) -> Iterator[Part]:
    for role in known:
        if role.name not in ROLES_WITH_USERS:
            continue
        user, on_cluster = site.name(f"{role.name}_user"), site.on_cluster
        database = f" default database {quoted(role.database)}" if role.database else ""
        said = [
            f"create user if not exists {user}{on_cluster} "
            f"identified with sha256_hash by '{NOBODYS_HASH}'{database}"
        ]
        altered = _identified(passwords[role.name]) if role.name in passwords else ""
        if networks:
            altered += " host " + ", ".join(f"ip '{network}'" for network in networks)
        if altered:
            said.append(f"alter user {user}{on_cluster}{altered}")
        granted = ", ".join(map(site.name, (role.name, *role.also)))
        said.append(f"grant{on_cluster} {granted} to {user}")
        yield Part(f"User of {role.name}", tuple(said))


def _identified(password: str) -> str:
    """The password as a salted hash: what is sent can be read in logs and printouts."""
    salt = secrets.token_hex(16)
    digest = hashlib.sha256((password + salt).encode()).hexdigest()
    return f" identified with sha256_hash by '{digest}' salt '{salt}'"


def passwords_given() -> dict[str, str]:
    """The passwords in the environment, by role: OARS_DBT_PASSWORD and the like."""
    found = {name: os.environ.get(variable_of(name), "") for name in ROLES_WITH_USERS}
    return {name: password for name, password in found.items() if password}


def variable_of(role: str) -> str:
    """The variable that has the password of a role's user."""
    return f"OARS_{role.upper()}_PASSWORD"


def without_password(site: Site, passwords: dict[str, str]) -> list[str]:
    """The variables of users for whom no password was given."""
    names = [role.name for role in roles(site)]
    return [
        variable_of(name) for name in ROLES_WITH_USERS if name in names and name not in passwords
    ]


def refuse_odd(organizations: Iterable[str], networks: Iterable[str]) -> None:
    """OarsError where what was given is no organization's key or no network."""
    for organization in organizations:
        if not re.fullmatch(r"[\w.~:-]+", organization):
            raise OarsError(
                f"{organization!r} is no organization: give what its courses' keys begin with."
            )
    for network in networks:
        try:
            # The scope of an address may be any text.
            if "%" in network:
                raise ValueError
            ipaddress.ip_network(network)
        except ValueError:
            raise OarsError(
                f"{network!r} is no network: give an address, or one like 10.0.0.0/8."
            ) from None


def apply(client: Client, script: Iterable[Part]) -> int:
    """Send the statements, in their order; give how many. Sent again, they change nothing."""
    count = 0
    for part in script:
        for statement in part.statements:
            try:
                client.command(statement)
            except DatabaseError as error:
                if "ACCESS_DENIED" not in str(error):
                    raise
                raise OarsError(
                    "The target's user may not manage access: name one who may in "
                    "OARS_CLICKHOUSE_USER and OARS_CLICKHOUSE_PASSWORD for this command."
                ) from error
            count += 1
    return count
