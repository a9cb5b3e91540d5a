"""What `oars doctor` looks at of the server: release, rights, clocks, disks, replicas, claims."""

import time
from contextlib import closing
from pathlib import Path

import yaml

from oars.claim import live_claims
from oars.connection import connect
from oars.finding import OK, PROBLEM, WARNING, Finding, Findings, Place
from oars.raw_tables import table_exists

LEAST, NEWEST = (25, 8), (26, 9)
"""Releases of ClickHouse that are tested; a run refuses what is older than the least."""
SKEW = 5
"""Seconds by which clocks may differ."""
CONNECTIONS = 4


def version(place: Place) -> Findings:
    """Whether it is a release that is tested."""
    [(number,)] = place.rows("select version()")
    release = tuple(map(int, number.split(".")[:2]))
    least, newest = (".".join(map(str, each)) for each in (LEAST, NEWEST))
    if release < LEAST:
        says, remedy = f"ClickHouse {number} is too old", f"upgrade to {least} or later"
        yield Finding("version", PROBLEM, says, remedy)
    elif release > NEWEST:
        says = f"ClickHouse {number} is newer than {newest}, the newest that is tested"
        yield Finding("version", WARNING, says, "try a run on a copy first")
    else:
        yield Finding("version", OK, f"ClickHouse {number}, tested from {least} to {newest}")


def privileges(place: Place) -> Findings:
    """Whether this user may do what `oars grants` gives to dbt."""
    from oars.grants import shipped_rights

    if place.is_embedded:
        yield Finding("privileges", OK, "the embedded engine has no users: who has it, may all")
        return
    target = place.target
    rights = shipped_rights(place.names, target.schema, target.cluster, is_pii(target.project_dir))
    lacks = []
    for what, on in rights:
        # One question for all; only where one is missing is each asked for.
        if not place.rows(f"check grant {', '.join(f'{each} on {on}' for each in what)}")[0][0]:
            for each in what:
                if not place.rows(f"check grant {each} on {on}")[0][0]:
                    lacks.append(f"{each} on {on}".replace("`", ""))
    for each in lacks:
        remedy = "run `oars grants --apply` as an administrator"
        yield Finding("privileges", PROBLEM, f"this user may not {each}", remedy)
    if not lacks:
        yield Finding("privileges", OK, "this user may do all that `oars grants` gives to dbt")


def is_pii(project: Path) -> bool:
    """Whether the project's file turns the var pii_enabled on, for it or for the package."""
    variables = yaml.safe_load((project / "dbt_project.yml").read_text()).get("vars") or {}
    return bool({**variables, **(variables.get("oars") or {})}.get("pii_enabled"))


def clocks(place: Place) -> Findings:
    """Whether the clocks agree, and whether one was ahead when a run wrote."""
    asked = time.time()
    [(micros,)] = place.rows("select toUnixTimestamp64Micro(now64(6))")
    answered = time.time()
    # The server looked at its clock at some moment between the two.
    skew = max(asked - micros / 1e6, micros / 1e6 - answered, 0)
    if skew > SKEW:
        says = f"the clocks of the server and of this machine differ by {skew:,.0f} seconds"
        remedy = "let NTP set both; runs go by the server's"
        yield Finding("clocks", WARNING, says, remedy)
    else:
        yield Finding("clocks", OK, "the clocks of the server and of this machine agree")
    stamped = place.rows(
        "select table from system.columns where database = {ops:String} and name = 'written_at'",
        ops=place.ops,
    )
    ahead = []
    for (table,) in sorted(stamped):
        query = f"select countIf(written_at > now64(6) + interval {SKEW} second) from "
        if place.rows(f"{query} `{place.ops}`.`{table}`")[0][0]:
            ahead.append(table)
    if ahead:
        says = f"{place.ops} has rows of the future, in {', '.join(ahead)}: a clock was ahead"
        remedy = "nothing; it is harmless, for the next run writes later ones"
        yield Finding("clocks", WARNING, says, remedy)


def disks(place: Place) -> Findings:
    """Whether there is room on the disks that have the tables."""
    names = place.names
    largest = place.rows(
        "select max(bytes) from (select sum(bytes_on_disk) as bytes from system.parts "
        "where active and match(database, {own:String}) and not endsWith(database, '_staging') "
        "group by database, table)",
        own=place.own(),
    )[0][0]
    # An object store tells no end of its room.
    disks = place.rows(
        "select name, free_space, total_space from system.disks where total_space < 1e18 "
        "and total_space > 0 and (name in (select disk_name from system.parts where active and "
        "(match(database, {own:String}) or database in {raw:Array(String)})) or name = 'default')",
        own=place.own(),
        raw=names.databases(),
    )
    for disk, free, total in disks:
        says = f"the disk {disk} has {free / 1e9:,.1f} GB free of {total / 1e9:,.1f}"
        if free < 0.02 * total:
            yield Finding("disks", PROBLEM, says, "make room before the next run")
        elif free < 0.1 * total:
            yield Finding("disks", WARNING, says, "make room")
        elif free < 2 * largest:
            says += f", less than twice the largest relation ({largest / 1e9:,.1f} GB)"
            yield Finding("disks", WARNING, says, "make room: a rebuilt one stands beside the old")
        else:
            yield Finding("disks", OK, says)


def claims(place: Place) -> Findings:
    """Who has claimed the database, and whether it seems to be alive."""
    if place.is_embedded:
        yield Finding("claims", OK, "the folder's lock keeps runs apart: none is at work")
        return
    if not table_exists(place.client, place.ops, "lease"):
        return
    found = live_claims(place.client, place.ops)
    for claim in found:
        until = f"{claim['expires_at']:%H:%M:%S} UTC"
        says = f"run {claim['invocation_id']} has claimed the database until {until}"
        remedy = "if the run was killed, wait until then or remove the claim with `oars unlock`"
        if claim["is_executing"]:
            yield Finding("claims", OK, f"{says} and is at work")
        elif claim["is_silent"]:
            yield Finding("claims", WARNING, f"{says} and has done nothing for two minutes", remedy)
        else:
            yield Finding("claims", OK, f"{says} and executes nothing just now", remedy)
    if not found:
        yield Finding("claims", OK, "no run has claimed the database")


def replicas(place: Place) -> Findings:
    """Whether one server answers at the address, or several do."""
    if place.is_embedded:
        return
    hosts = set()
    for _ in range(CONNECTIONS):
        with closing(connect(place.target)) as client:
            hosts.add(str(client.query("select hostName()").result_rows[0][0]))
    if len(hosts) == 1:
        says = f"{hosts.pop()} answered each of {CONNECTIONS} connections"
        yield Finding("replicas", OK, says)
    else:
        says = f"several servers answer at the address: {', '.join(sorted(hosts))}"
        remedy = (
            "give dbt the address of one; on ClickHouse Cloud, select_sequential_consistency = 1"
        )
        yield Finding("replicas", WARNING, says, remedy)
