"""Credentials, client and connection manager of the embedded engine."""

import fcntl
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakSet

import clickhouse_connect
from dbt.adapters.clickhouse import (
    ClickHouseAdapter,
    ClickHouseConnectionManager,
    ClickHouseCredentials,
)
from dbt.adapters.clickhouse.httpclient import ChHttpClient
from dbt.adapters.contracts.connection import Connection
from dbt.adapters.exceptions import FailedToConnectError

import chdb  # noqa: F401 - imported first, for it changes the working folder as it loads


@dataclass
class ChdbCredentials(ClickHouseCredentials):
    """A data folder in place of a host; all else as in dbt-clickhouse."""

    path: str = ".oars/chdb"

    def __post_init__(self) -> None:
        """Fix the folder here: the engine, while it is imported, changes the working folder."""
        super().__post_init__()
        self.path = str(Path(self.path).expanduser().resolve())

    @property
    def type(self) -> str:
        """Name of the adapter in profiles.yml."""
        return "chdb"

    @property
    def unique_field(self) -> str:
        """What tells one database from another."""
        return self.path

    def _connection_keys(self) -> tuple[str, ...]:
        return ("path", "schema")


class ChdbClient(ChHttpClient):
    """dbt-clickhouse's HTTP client over clickhouse-connect's in-process interface."""

    def _create_client(self, credentials: ChdbCredentials) -> Any:
        return open_folder(credentials.path, self._conn_settings)


# The engine's lock does not tell this process from another: who has a folder open is remembered.
_clients: defaultdict[Path, WeakSet[Any]] = defaultdict(WeakSet)
_opening = Lock()


def open_folder(path: str, settings: dict[str, Any] | None = None) -> Any:
    """Open the data folder, made if missing; FailedToConnectError if another process has it."""
    folder = Path(path).expanduser().resolve()
    # Only who runs this may look into it. A folder that is there keeps its mode.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Sessions are HTTP's; in one process each client is a session of its own.
    kept = {name: value for name, value in (settings or {}).items() if name != "session_id"}
    with _opening:
        # Asked before, because the engine prints its own words when it is refused.
        if not _clients[folder] and is_locked(folder):
            raise FailedToConnectError(
                f"The data folder {path} is in use by another process: wait until it has "
                "finished, or set OARS_CHDB_PATH to another folder."
            )
        client: Any = clickhouse_connect.get_client(
            interface="chdb", path=str(folder), settings=kept
        )
        _clients[folder].add(client)
        client.close = partial(_close, folder, client, client.close)
    return client


def _close(folder: Path, client: Any, close: Callable[[], None]) -> None:
    """Close a client; with the last of a folder the process lets go of it."""
    close()
    _clients[folder].discard(client)


def is_locked(folder: Path) -> bool:
    """Whether a living process holds the folder: the engine keeps a lock on its file `status`."""
    try:
        with (folder / "status").open() as status:
            fcntl.flock(status, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


class ChdbConnectionManager(ClickHouseConnectionManager):
    """Opens ChdbClient where the parent would open a network connection."""

    TYPE = "chdb"

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        """Give the connection a handle; a locked folder is one sentence, not a retry."""
        if connection.state != "open":
            connection.handle = ChdbClient(connection.credentials)
            connection.state = "open"
        return connection


class ChdbAdapter(ClickHouseAdapter):
    """dbt-clickhouse's adapter with the in-process connection manager."""

    ConnectionManager = ChdbConnectionManager

    @classmethod
    def type(cls) -> str:
        """Name of the adapter in profiles.yml."""
        return "chdb"
