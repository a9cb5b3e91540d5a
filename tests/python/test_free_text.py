"""What learners wrote ages: after `free_text_months` it is emptied, and nothing else is."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from oars_site import WITHOUT_TESTS, Site
from test_arrival import rows_of

LMS = "http://lms.example.com"
ADL = "http://adlnet.gov/expapi"
COURSE = "course-v1:Org+Aged+1"
BLOCK = f"block-v1:Org+Aged+1+type@problem+block@{'a' * 32}"
Sent = tuple[str, str, bytes]
# The names of what is emptied, and of what stays.
TYPED, TITLE, NAME = "what I think", "My first thread", "What a tool says"
EXCERPT = "not JSON: mine"
CHOSEN, QUESTION = "the second choice", "Which one is it?"


def sent(day: str, who: int, verb: str, target: dict[str, Any], **other: Any) -> Sent:
    event_id = str(uuid5(NAMESPACE_URL, f"{day} {who} {verb} {target}"))
    body = {
        "id": event_id,
        "actor": {"account": {"homePage": LMS, "name": str(uuid5(NAMESPACE_URL, str(who)))}},
        "verb": {"id": verb},
        "object": target,
        "context": {
            "contextActivities": {
                "parent": [
                    {
                        "id": f"{LMS}/course/{COURSE}",
                        "definition": {"type": f"{ADL}/activities/course"},
                    }
                ]
            }
        },
        **other,
    }
    return event_id, f"{day} 10:00:{who:02d}", json.dumps(body).encode()


def answer(day: str, who: int, response: str, kind: str) -> Sent:
    definition = {
        "type": f"{ADL}/activities/cmi.interaction",
        "interactionType": kind,
        "description": {"en-US": QUESTION},
    }
    # Each kind is a block of its own.
    target = {"id": f"{LMS}/xblock/{BLOCK[:-5]}{kind[:5].encode().hex()[:5]}"}
    result = {"success": False, "score": {"raw": 0, "max": 1}, "response": response}
    return sent(
        day,
        who,
        "https://w3id.org/xapi/acrossx/verbs/evaluated",
        target | {"definition": definition},
        result=result,
    )


def month_of(month: str) -> Iterator[Sent]:
    for who in range(12):
        yield answer(f"{month}-03", who, TYPED, "fill-in")
        yield answer(f"{month}-04", who, CHOSEN, "choice")
    thread = {
        "id": f"{LMS}/api/discussion/v1/threads/{'5' * 24}",
        "definition": {
            "type": "http://id.tincanapi.com/activitytype/discussion",
            "name": {"en": TITLE},
        },
    }
    yield sent(f"{month}-05", 1, "https://w3id.org/xapi/acrossx/verbs/posted", thread)
    other = {"id": "https://tool.example.com/1", "definition": {"name": {"en": NAME}}}
    yield sent(f"{month}-05", 2, "https://tool.example.com/said", other)
    bad = str(uuid5(NAMESPACE_URL, f"{month} malformed"))
    yield bad, f"{month}-06 10:00:00", EXCERPT.encode()


def texts(site: Site) -> dict[str, list[str]]:
    [row] = site.query(
        "select groupUniqArray(response) as responses, "
        "groupUniqArrayIf(toString(object_name), event_family in ('forum', 'unclassified')) "
        "as names, "
        "groupUniqArray(toString(object_description)) as descriptions, "
        "groupUniqArray(statement_excerpt) as excerpts "
        "from oars_staging.base_xapi__statements_final where emission_time < '2025-02-01'"
    )
    return {name: sorted(values) for name, values in row.items()}


def answers(site: Site) -> list[tuple[str, int]]:
    rows = site.query(
        "select response, toUInt32(first_learner_count) as learners "
        "from oars.agg_problem_responses order by response"
    )
    return [(row["response"], row["learners"]) for row in rows]


KEPT = {
    "responses": [CHOSEN, TYPED],
    "names": [TITLE, NAME],
    "descriptions": [QUESTION],
    "excerpts": [EXCERPT],
}
EMPTIED = {
    "responses": ["***", CHOSEN],
    "names": ["***"],
    "descriptions": [QUESTION],
    "excerpts": ["***"],
}


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Site, Site]:
    """A month ages on one, on one it had left raw before, and one is built after that."""
    live, kept, fresh = (Site(tmp_path_factory.mktemp(name)) for name in ("live", "kept", "fresh"))
    for site in (live, kept, fresh):
        assert site.oars("init").code == 0
        site.insert(month_of("2025-01"))
    # The thirteenth month after it: it is as old as texts may be.
    for site in (live, kept):
        site.insert([answer("2026-02-01", 30, "later", "fill-in")])
        run = site.dbt("build", *WITHOUT_TESTS)
        assert run.code == 0, run.out
        assert texts(site) == KEPT
        assert answers(site) == [("(other answers)", 1), (CHOSEN, 12), (TYPED, 12)]
    kept.execute("alter table xapi.xapi_events_all drop partition 202501")
    assert kept.dbt("run").code == 0
    assert texts(kept) == KEPT
    fresh.insert([answer("2026-02-01", 30, "later", "fill-in")])
    for site in (live, kept, fresh):
        site.insert([answer("2026-03-01", 31, "last", "fill-in")])
    assert "Statements of 202501 are read again." in live.dbt("run").out
    assert "Free texts of 202501 are emptied." in kept.dbt("run").out
    assert fresh.dbt("build", *WITHOUT_TESTS).code == 0
    return live, kept, fresh


def test_an_aged_month_has_no_texts_of_learners_and_all_that_authors_wrote(
    sites: tuple[Site, Site, Site],
) -> None:
    for site in sites:
        assert texts(site) == EMPTIED
        assert answers(site) == [("(other answers)", 14), (CHOSEN, 12)]


def test_a_month_that_ages_gives_what_a_new_build_gives(sites: tuple[Site, Site, Site]) -> None:
    live, kept, fresh = sites
    assert rows_of(live) == rows_of(fresh)
    # Its rows are of the version that read them, which is not compared any more.
    mended = {name: rows for name, rows in rows_of(kept).items() if "base_xapi" not in name}
    assert mended == {name: rows for name, rows in rows_of(fresh).items() if name in mended}


def test_what_is_emptied_is_looked_at_once(sites: tuple[Site, Site, Site]) -> None:
    for site in sites[:2]:
        run = site.dbt("run")
        assert run.code == 0
        assert "202501" not in run.out


def test_the_var_says_for_how_long(sites: tuple[Site, Site, Site]) -> None:
    live = sites[0]
    run = live.dbt("run", "--vars", "{free_text_months: 14}")
    assert run.code == 0, run.out
    assert texts(live) == KEPT
