"""What real sites send besides: a few statements of the simulation are put in another's place.

Of two hundred statements about one is odd: a team acts, a tool of another maker sends its own
object, the site had another address, a statement comes twice under two ids or is taken back. Only
steps through the course are replaced, so that enrolments, answers and grades stay as they were.
"""

import json
import re
from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

from oars.simulate.courses import LMS

Json = dict[str, Any]

GAPS = (100, 300)
"""How many ordinary statements lie between two odd ones, at least and at most."""
OLD_LMS = "https://old-lms.example.com"
H5P = "https://h5p.example.com/content/"
TEAMS = 5
FOREIGN_OBJECTS = 3
"""So many quizzes and so many films of other tools are in use on the site."""

STEP = b"/verbs/navigated"
NO_STEP = b"activities/link"
MAY_BE_TAKEN_BACK = re.compile(
    rb"/verbs/(navigated|initialized|played|paused|seeked|asked|progressed|evaluated)\""
)
IS_OF_SEVERAL = re.compile(rb"GroupActivity|StatementRef")
"""Parents and children of a submission: one is nothing without the others."""

_ADL = "http://adlnet.gov/expapi/"
_VIDEO = "https://w3id.org/xapi/video/"
_QUIZ = {"type": f"{_ADL}activities/cmi.interaction", "interactionType": "choice"}


def with_oddities(lines: Iterator[bytes], seed: int) -> Iterator[bytes]:
    """Give as many statements in the same order of time, here and there an odd one."""
    rng = Random(f"oars-oddities-{seed}")
    # First what a repeated or a taken back statement needs; where it is not there, the next.
    kinds: list[Callable[[Json, bytes, Random], Json | None]]
    kinds = [_twin, _voiding, _foreign, _of_a_team, _of_the_old_site]
    last = b""
    while True:
        for line in islice(lines, rng.randint(*GAPS)):
            yield line
            last = line
        for line in lines:
            if STEP not in line or NO_STEP in line:
                yield line
                last = line
                continue
            first = rng.randrange(len(kinds))
            statement = json.loads(line)
            odd = None
            for kind in kinds[first:] + kinds[:first]:
                odd = odd or kind(statement, last, rng)
            last = json.dumps(odd).encode()
            yield last
            break
        else:
            return


def _with_id(statement: Json) -> Json:
    """Give the statement the id that the platform's rule gives it."""
    name = f"{json.dumps(statement['actor'])}-{statement['timestamp']}"
    statement["id"] = str(uuid5(uuid5(NAMESPACE_DNS, json.dumps(statement["verb"])), name))
    return statement


def _verb(base: str, name: str) -> Json:
    return {"id": f"{base}verbs/{name}", "display": {"en": name}}


def _is_fit(last: bytes) -> bool:
    return bool(MAY_BE_TAKEN_BACK.search(last)) and not IS_OF_SEVERAL.search(last)


def _twin(_: Json, last: bytes, __: Random) -> Json | None:
    """The statement before once more, as a replay of the log under the site's old address."""
    if not _is_fit(last):
        return None
    twin: Json = json.loads(last)
    twin["id"] = str(uuid5(UUID(twin["id"]), OLD_LMS))
    twin["object"]["id"] = twin["object"]["id"].replace(LMS, OLD_LMS)
    return twin


def _voiding(statement: Json, last: bytes, _: Random) -> Json | None:
    """An operator of the record store takes back the statement before."""
    if not _is_fit(last):
        return None
    account = {"name": "lrs-operator", "homePage": LMS}
    statement["actor"] = {"objectType": "Agent", "account": account}
    statement["verb"] = _verb(_ADL, "voided")
    statement["object"] = {"objectType": "StatementRef", "id": json.loads(last)["id"]}
    del statement["context"]
    return _with_id(statement)


def _foreign(statement: Json, _: bytes, rng: Random) -> Json:
    """The learner uses what another tool has put into the course: a quiz or a film."""
    number = rng.randint(1, FOREIGN_OBJECTS)
    extensions = statement["context"]["extensions"]
    extensions = {key: extensions[key] for key in extensions if "tincanapi" not in key}
    statement["context"]["extensions"] = extensions
    if rng.random() < 0.5:
        statement["verb"] = _verb(_ADL, rng.choice(("attempted", "answered", "completed")))
        address, definition = f"{H5P}{number}", _QUIZ | {"name": {"en": f"Quiz {number}"}}
    else:
        verbs = ((_VIDEO, "played"), (_VIDEO, "paused"), (_ADL, "initialized"))
        statement["verb"] = _verb(*rng.choice(verbs))
        extensions[f"{_VIDEO}extensions/length"] = 60.0 * number
        address = f"uuid://{uuid5(NAMESPACE_DNS, f'oars-film-{number}')}"
        definition = {"type": f"{_VIDEO}activity-type/video", "name": {"en": f"Film {number}"}}
        if not statement["verb"]["id"].endswith("initialized"):
            position = round(rng.uniform(0, 60.0 * number), 3)
            statement["result"] = {"extensions": {f"{_VIDEO}extensions/time": position}}
    statement["object"] = {"id": address, "objectType": "Activity", "definition": definition}
    return _with_id(statement)


def _of_a_team(statement: Json, _: bytes, rng: Random) -> Json:
    """A team takes the step, which is no learner."""
    account = {"name": f"team-{rng.randint(1, TEAMS)}", "homePage": LMS}
    statement["actor"] = {"objectType": "Group", "account": account}
    return _with_id(statement)


def _of_the_old_site(statement: Json, _: bytes, __: Random) -> Json:
    """The learner takes the step under the address that the site had before."""
    statement["actor"]["account"]["homePage"] = OLD_LMS
    return _with_id(statement)
