"""The claim by which runs on one server keep apart, see macros/engine/lease."""

from typing import Any

from clickhouse_connect.driver.client import Client

# A claim counts for three minutes, and then as long as a statement of its run is being executed.
IS_EXECUTING = """(
    invocation_id in (select extract(query, 'oars run ([0-9a-f-]{36})') from system.processes)
)"""
IS_ALIVE = f"""(
    (expires_at > now64(6) and expires_at <= now64(6) + interval 3 minute)
    or {IS_EXECUTING}
)"""


def live_claims(client: Client, ops: str) -> list[dict[str, Any]]:
    """The runs that have claimed the database, until when, and whether they seem to do anything."""
    found = client.query(
        "select invocation_id, expires_at, "
        # One that is alive renews its claim when half a minute is over.
        f"not {IS_EXECUTING} and written_at < now64(6) - interval 2 minute as is_silent, "
        f"{IS_EXECUTING} as is_executing "
        f"from {{ops:Identifier}}.lease final where {IS_ALIVE} order by expires_at",
        parameters={"ops": ops},
    )
    return list(found.named_results())


def remove_claims(client: Client, ops: str) -> None:
    """Let all claims end now; later ones are later than these, also where a clock was ahead."""
    client.command(
        "insert into {ops:Identifier}.lease (invocation_id, expires_at, written_at) "
        "select invocation_id, least(expires_at, now64(6)), written_at + interval 1 microsecond "
        "from {ops:Identifier}.lease final",
        parameters={"ops": ops},
    )


def end_claim(client: Client, ops: str, run: str) -> None:
    """Let the claim of a run end now; it counts on while the server executes a statement of it."""
    client.command(
        "insert into {ops:Identifier}.lease (invocation_id, expires_at, written_at) "
        "select invocation_id, now64(6), written_at + interval 1 microsecond "
        "from {ops:Identifier}.lease final "
        "where invocation_id = {run:String} and expires_at > now64(6)",
        parameters={"ops": ops, "run": run},
    )
