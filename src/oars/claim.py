"""The claim by which runs on one server keep apart, see macros/engine/lease."""

from typing import Any

from clickhouse_connect.driver.client import Client

# A claim counts for three minutes, and then as long as a statement of its run is being executed.
IS_ALIVE = """(
    (expires_at > now64(6) and expires_at <= now64(6) + interval 3 minute)
    or invocation_id in (
        select extract(query, 'oars run ([0-9a-f-]{36})') from system.processes
    )
)"""


def live_claims(client: Client, ops: str) -> list[dict[str, Any]]:
    """The runs that have claimed the database, and until when."""
    found = client.query(
        "select invocation_id, expires_at from {ops:Identifier}.lease final "
        f"where {IS_ALIVE} order by expires_at",
        parameters={"ops": ops},
    )
    return list(found.named_results())


def remove_claims(client: Client, ops: str) -> None:
    """Let all claims end now."""
    client.command(f"truncate table `{ops}`.lease")
