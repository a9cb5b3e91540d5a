"""What keeps runs from being right, soon or at all: looked at, said with its remedy, left alone."""

import json
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path

from clickhouse_connect.driver.exceptions import Error

from oars import look_at_server, look_at_tables
from oars.connection import OarsError, Target, connect, data_folder, read_target, reason
from oars.finding import OK, PROBLEM, WARNING, Finding, Findings, Place
from oars.raw_tables import raw_names

CODES = {OK: 0, WARNING: 1, PROBLEM: 2}
CHECKS: dict[str, Callable[[Place], Findings]] = {
    "version": look_at_server.version,
    "privileges": look_at_server.privileges,
    "raw tables": look_at_tables.raw_tables,
    "layout of raw": look_at_tables.layout,
    "time zone": look_at_tables.time_zone,
    "bookkeeping": look_at_tables.bookkeeping,
    "claims": look_at_server.claims,
    "clocks": look_at_server.clocks,
    "disks": look_at_server.disks,
    "parts": look_at_tables.parts,
    "replicas": look_at_server.replicas,
}


def examine(project_dir: Path | None, profiles: Path | None, name: str | None) -> list[Finding]:
    """All findings. Nothing is raised: what cannot be looked at is a finding."""
    try:
        target = read_target(project_dir, profiles, name)
    except OarsError as error:
        return [Finding("profile", PROBLEM, str(error), "mend the profile; nothing was looked at")]
    is_embedded = target.credentials.type == "chdb"
    found: list[Finding] = []
    if is_embedded:
        found = looked_at("data folder", partial(_data_folder, target))
        if any(each.level == PROBLEM for each in found):
            return found
    try:
        client = connect(target)
    except (OarsError, Error, OSError) as error:
        return [*found, _unreached(error, is_embedded)]
    with closing(client):
        place = Place(client, target, raw_names())
        for subject, check_of in CHECKS.items():
            found += looked_at(subject, partial(check_of, place))
    return found


def looked_at(subject: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What a check finds; what goes wrong while it looks is a finding too."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except Exception as error:  # A server may refuse anything, and the other checks go on.
        why = reason(error) or type(error).__name__
        remedy = "see why; a right that is missing is in what `oars grants` prints"
        found.append(Finding(subject, WARNING, f"cannot be looked at: {why}", remedy))
    return found


def code(findings: list[Finding]) -> int:
    """The exit code: that of the worst."""
    return max((CODES[each.level] for each in findings), default=0)


def as_json(findings: list[Finding]) -> str:
    """One object on one line."""
    return json.dumps({"findings": [asdict(each) for each in findings]}, ensure_ascii=False)


def lines(findings: list[Finding]) -> Iterator[str]:
    """A line a finding, under its subject, and how many there are of what is not well."""
    subject = ""
    for each in findings:
        if each.subject != subject:
            subject = each.subject
            yield subject.capitalize()
        remedy = f" -> {each.remedy}" if each.remedy else ""
        yield f"  {each.level:<8} {each.says}{remedy}"
    counts = {level: sum(each.level == level for each in findings) for level in CODES}
    yield f"problems: {counts[PROBLEM]}, warnings: {counts[WARNING]}, ok: {counts[OK]}"


def _unreached(error: Exception, is_embedded: bool) -> Finding:
    says = str(error) if isinstance(error, OarsError) else reason(error)
    if not is_embedded:
        remedy = "check OARS_CLICKHOUSE_* and the server; nothing else was looked at"
        return Finding("connection", PROBLEM, says, remedy)
    if "in use by another process" in says:
        remedy = "look again once it has ended; nothing else was looked at"
        return Finding("connection", WARNING, says, remedy)
    remedy = "run this as the folder's owner; nothing else was looked at"
    return Finding("connection", PROBLEM, says, remedy)


def _data_folder(target: Target) -> Findings:
    folder = data_folder(target)
    if not folder.exists():
        says = f"there is no data folder {folder}"
        yield Finding("data folder", PROBLEM, says, "run `oars init`, which makes it")
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        says = f"others may look into {folder} (mode {mode:o}), which has all statements"
        yield Finding("data folder", WARNING, says, f"chmod 700 {folder}")
    else:
        yield Finding("data folder", OK, f"{folder} is for its owner alone")
