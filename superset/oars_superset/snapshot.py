"""Connections that are guarded and, on the embedded engine, follow the published snapshot.

SQLAlchemy is given `dbapi()` in place of clickhouse_connect's own module. So each statement that
Superset sends, from whatever corner and after its last rewriting, passes the guard; what the
dialect asks by itself about tables and columns does not, and no user can change that.

On the embedded engine (connect_args interface=chdb) the path is a symbolic link that `oars publish`
moves to a new folder while Superset runs. A process can have one folder open at a time, so a new
connection asks for the new folder only, and waits until the queries on the old one are done.
"""

import os
import threading
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

from clickhouse_connect import dbapi as driver
from clickhouse_connect.dbapi.connection import Connection
from clickhouse_connect.dbapi.cursor import Cursor
from clickhouse_connect.driver.exceptions import OperationalError, ProgrammingError

SECONDS_TO_WAIT = 30.0  # for the queries on the folder before
SECONDS_BETWEEN = 0.02

# On the embedded engine; on a server they are in the profile of the user, see docs/superset.md.
SETTINGS = {
    "max_memory_usage": 4_000_000_000,
    "max_execution_time": 60,
    "max_result_rows": 1_000_000,
    "max_result_bytes": 200_000_000,  # Superset takes four times as much to write them
}

# (sql, database of the connection): raises if the statement is not to be sent.
Check = Callable[[str, str | None], object]


class GuardedCursor(Cursor):
    """A cursor that asks the guard before it sends."""

    def __init__(self, client: Any, check: Check) -> None:
        """Send over `client` what `check` lets through."""
        super().__init__(client)
        self.check = check

    def execute(self, operation: str, *arguments: Any, **options: Any) -> None:
        """Send the statement, or raise what the guard raises."""
        self.check(operation, self.client.database)
        super().execute(operation, *arguments, **options)

    def executemany(self, operation: str, *arguments: Any, **options: Any) -> None:
        """Raise: many rows are only ever sent to be stored, which the guard refuses."""
        self.check(operation, self.client.database)
        raise ProgrammingError("Dashboards only read.")


class GuardedConnection(Connection):
    """A connection of guarded cursors."""

    def __init__(self, check: Check, **options: Any) -> None:
        """Connect as clickhouse_connect.dbapi does."""
        super().__init__(**options)
        self.check = check

    def cursor(self) -> GuardedCursor:
        """Give a guarded cursor."""
        return GuardedCursor(self.client, self.check)


class _SnapshotConnection(GuardedConnection):
    """A guarded connection to the embedded engine, by a client that others have used before."""

    def __init__(self, check: Check, client: Any, give_back: Callable[[Any], None]) -> None:
        self.check, self.client, self.give_back = check, client, give_back
        self.timezone = client.server_tz

    def close(self) -> None:
        """Leave the client to the next connection."""
        client, self.client = self.client, None
        if client is not None:
            self.give_back(client)


class _Snapshot:
    """The clients of the folder that this process has open, kept between queries.

    To start the engine takes 0.3 to 0.5 s. Superset opens three connections for a chart, and a new
    client asks for all settings of the engine first, 0.03 s each time.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.path = ""
        self.idle: dict[str, list[Any]] = {}  # options -> clients

    def client(self, link: str, **options: Any) -> Any:
        """Open the folder that the link leads to now.

        Raises OperationalError if there is none, or if queries keep the one before open too long.
        """
        deadline = time.monotonic() + SECONDS_TO_WAIT
        while True:
            with self.lock:
                path = os.path.realpath(link)
                if not Path(path).is_dir():  # The engine would make an empty one.
                    raise OperationalError(f"There is no snapshot at {link}: run `oars publish`.")
                if path != self.path:
                    for client in chain.from_iterable(self.idle.values()):
                        client.close()
                    self.path, self.idle = path, {}
                if kept := self.idle.get(repr(options)):
                    return kept.pop()
                try:
                    return Connection(path=path, **options).client
                except ProgrammingError as error:
                    if time.monotonic() > deadline:
                        raise OperationalError(
                            "The dashboards' data was published anew and long queries still read "
                            "the old: try again in a minute."
                        ) from error
            time.sleep(SECONDS_BETWEEN)

    def give_back(self, client: Any, options: dict[str, Any]) -> None:
        """Keep a client for the next connection, if the link still leads to its folder."""
        with self.lock:
            if client.path == self.path:
                self.idle.setdefault(repr(options), []).append(client)
            else:
                client.close()


_snapshot = _Snapshot()


def dbapi(check: Check, link: str | None = None) -> ModuleType:
    """clickhouse_connect.dbapi, but guarded by `check`.

    `link`: the folder to open on the embedded engine, whatever the URI says.
    """

    def connect(**options: Any) -> Connection:
        if options.get("interface") != "chdb":
            return GuardedConnection(check, **options)
        path = link or options.get("path")
        if not path:
            raise OperationalError(
                "No snapshot is named: set OARS_PUBLISHED_PATH to the folder that `oars publish` "
                "writes, or connect_args path."
            )
        for name in ("host", "port"):  # A URI wants them, the embedded engine has none.
            options.pop(name, None)
        options.pop("path", None)
        # The driver passes on what begins with ch_, and drops `settings`.
        settings = {**options.pop("settings", {}), **SETTINGS}
        options |= {f"ch_{name}": value for name, value in settings.items()}
        client = _snapshot.client(str(path), **options)
        return _SnapshotConnection(check, client, lambda c: _snapshot.give_back(c, options))

    module = ModuleType(driver.__name__)
    module.__dict__.update(vars(driver) | {"connect": connect})
    return module
