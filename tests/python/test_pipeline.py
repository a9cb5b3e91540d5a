"""The main job end to end: a file becomes marts, and a second run has nothing to do."""

import json
import re
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from oars_site import Site

LMS = "https://lms.example.com"
COURSE = "course-v1:Org+Course+Run"
REGISTERED = "http://adlnet.gov/expapi/verbs/registered"


# What a name in the account of this home page becomes.
LEARNER_1 = sha1(b"lms.example.com|learner-1").hexdigest()


def statement(number: int, verb: str = REGISTERED, actor: str = "learner-1") -> dict[str, Any]:
    """A statement of a course at its own minute."""
    return {
        "id": f"00000000-0000-0000-0000-{number:012d}",
        "timestamp": f"2026-03-01T10:{number:02d}:00+00:00",
        "actor": {"account": {"name": actor, "homePage": LMS}},
        "verb": {"id": verb},
        "object": {
            "id": f"{LMS}/course/{COURSE}",
            "definition": {"type": "http://adlnet.gov/expapi/activities/course"},
        },
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site that loaded a file with a duplicate, a cut line and an unknown verb, and built."""
    site = Site(tmp_path_factory.mktemp("pipeline"), is_plain=True)
    assert site.oars("init").code == 0
    lines = [
        json.dumps(statement(1)),
        json.dumps(statement(1)),
        json.dumps(statement(2))[:60],
        json.dumps(statement(3, verb="https://example.com/verbs/waved", actor="learner-2")),
    ]
    (site.folder / "mine.ndjson").write_text("\n".join(lines) + "\n")
    loaded = site.oars("load", "mine.ndjson")
    assert loaded.code == 0, loaded.err
    # What the LRS would refuse can still be in the table: one statement twice, one unreadable.
    site.execute(
        "insert into xapi.xapi_events_all select * from xapi.xapi_events_all limit 1",
        "insert into xapi.xapi_events_all select generateUUIDv4(), '2026-03-02 00:00:00', '{cut'",
    )
    built = site.dbt("build", "--exclude-resource-type", "unit_test")
    assert built.code == 0, built.out
    # What the command `dbt` has built, a run from starter.py has to find built.
    site.is_plain = False
    return site


def counts_by_family(site: Site) -> dict[str, int]:
    rows = site.query(
        "select event_family, count() as n from oars_staging.base_xapi__statements_final "
        "group by event_family"
    )
    return {row["event_family"]: int(row["n"]) for row in rows}


def test_every_statement_is_accounted_for(site: Site) -> None:
    assert counts_by_family(site) == {"enrollment": 1, "unclassified": 1, "malformed": 1}
    enrolled = site.query("select actor_id, is_enrolled from oars.fct_enrollments")
    assert enrolled == [{"actor_id": LEARNER_1, "is_enrolled": True}]


def test_second_run_writes_no_row(site: Site) -> None:
    # Each write of a partition takes a new block number; a merge of its parts does not.
    written = (
        "select database, table, partition, max(max_block_number) as block from system.parts "
        "where active and database like 'oars%' and table != 'run_log' group by all "
        "order by all"
    )
    before = site.query(written)
    assert len(before) > 10

    assert site.dbt("run").code == 0

    assert site.query(written) == before
    last = "select built, months from oars_ops.run_log final order by started_at desc limit 1"
    assert site.query(last) == [{"built": [], "months": []}]


def test_another_body_for_an_id_changes_nothing_and_is_counted(site: Site) -> None:
    site.execute(
        "insert into xapi.xapi_events_all select event_id, emission_time, "
        "replace(event, 'learner-1', 'learner-9') from xapi.xapi_events_all "
        "where event_id = '00000000-0000-0000-0000-000000000001' limit 1"
    )
    assert site.dbt("run").code == 0
    assert counts_by_family(site) == {"enrollment": 1, "unclassified": 1, "malformed": 1}
    assert site.query("select actor_id from oars.fct_enrollments") == [{"actor_id": LEARNER_1}]
    # It is counted where the id is found new; here base had it, and the month is equal.
    last = "select result, appended_count from oars_ops.run_log final order by started_at desc"
    assert site.query(f"{last} limit 1") == [{"result": "success", "appended_count": 0}]
    # Read anew, either body may win: the other tests are not about that.
    site.execute(
        "alter table xapi.xapi_events_all delete where event like '%learner-9%' "
        "settings mutations_sync = 2"
    )


def test_a_verb_is_taught_by_one_line_and_history_is_read_again(site: Site) -> None:
    line = {
        "verb": "https://example.com/verbs/waved",
        "object_type": "http://adlnet.gov/expapi/activities/course",
        "family": "other",
        "event_type": "waved",
    }

    taught = site.dbt("run", "--vars", json.dumps({"extra_xapi_event_types": [line]}))

    assert taught.code == 0, taught.out
    assert "Statements of 202603 are read again." in taught.out
    waved = "select event_family, statement_count from oars.agg_event_types where verb_id like '%d'"
    assert site.query(f"{waved} and event_type = 'waved'") == [
        {"event_family": "other", "statement_count": 1}
    ]
    forgot = site.dbt("run")
    assert forgot.code == 0, forgot.out
    assert counts_by_family(site) == {"enrollment": 1, "unclassified": 1, "malformed": 1}


def test_news_of_one_course_and_an_erasure_reach_the_marts(site: Site, tmp_path: Path) -> None:
    left = statement(4, verb="http://id.tincanapi.com/verb/unregistered")
    (tmp_path / "more.ndjson").write_text(json.dumps(left))
    assert site.oars("load", tmp_path / "more.ndjson").code == 0
    assert re.search(r"waiting in raw +1\n", site.oars("status").out)
    assert site.dbt("run").code == 0
    said = site.oars("status").out
    assert re.search(r"newest statement +2026-03-01 10:04:00 UTC\n", said)
    assert re.search(r"last read into base +20\d\d-", said)
    assert re.search(r"waiting in raw +0\n", said)
    [run] = site.query(
        "select command, target, result, months, course_count, appended_count, "
        "rows['fct_enrollments'] as rows, dateDiff('second', started_at, ended_at) as seconds "
        "from oars_ops.run_log final order by started_at desc limit 1"
    )
    assert int(run.pop("seconds")) > 0
    assert run == {
        "command": "run",
        "target": "embedded",
        "result": "success",
        "months": [202603],
        "course_count": 1,
        "appended_count": 1,
        "rows": 1,
    }
    assert site.query("select is_enrolled from oars.fct_enrollments") == [{"is_enrolled": False}]

    site.execute("alter table xapi.xapi_events_all delete where 1 settings mutations_sync = 2")
    # By default a month that left raw whole would stay.
    assert site.dbt("run", "--vars", "{keep_months: false}").code == 0

    assert counts_by_family(site) == {}
    assert site.query("select * from oars.fct_enrollments") == []
    assert site.query("select * from oars.agg_event_types") == []


def test_second_process_on_the_folder_is_one_sentence(site: Site) -> None:
    with site.held():
        run = site.dbt("run")
    assert run.code != 0
    assert "is in use by another process: wait until it has finished" in run.out
    assert "Traceback" not in run.out + run.err
