"""What `oars doctor` finds, and where it looks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clickhouse_connect.driver.client import Client

from oars.connection import Target
from oars.raw_tables import RawNames

OK, WARNING, PROBLEM = "ok", "warning", "problem"


@dataclass(frozen=True)
class Finding:
    """What was seen, and what to do about it."""

    subject: str
    level: str
    says: str
    remedy: str = ""


Findings = Iterator[Finding]


@dataclass(frozen=True)
class Place:
    """Where to look."""

    client: Client
    target: Target
    names: RawNames

    @property
    def is_embedded(self) -> bool:
        """Whether it is a folder and not a server."""
        return bool(self.target.credentials.type == "chdb")

    @property
    def ops(self) -> str:
        """The database of the bookkeeping tables."""
        return f"{self.target.schema}_ops"

    def rows(self, query: str, **parameters: Any) -> list[Any]:
        """The rows of a query."""
        return list(self.client.query(query, parameters=parameters).result_rows)

    def own(self) -> str:
        """A regular expression of the project's own databases."""
        schema = re.escape(self.target.schema)
        return f"^{schema}(_(intermediate|staging|seeds|pii|ops))?$"
