"""Nothing lost, whatever is sent: mutated statements through the real models."""

import json
import os
from collections.abc import Iterator
from typing import Any

import clickhouse_connect
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oars_site import VIEWS, WITHOUT_TESTS, Site, insert_statement
from xapi_mutations import mutated

# `make fuzz` asks for more.
STATEMENTS = int(os.environ.get("FUZZ_STATEMENTS", "10000"))
EXAMPLES = 25
MONTH = "toYYYYMM(toTimeZone(emission_time, 'UTC')) as month"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site that has read many mutated statements, in two runs."""
    site = Site(tmp_path_factory.mktemp("mutations"))
    assert site.oars("init").code == 0
    for first, last in ((0, STATEMENTS // 2), (STATEMENTS // 2, STATEMENTS)):
        site.insert(map(mutated, range(first, last)))
        run = site.dbt("build", *WITHOUT_TESTS)
        assert run.code == 0, run.out
    return site


def test_every_id_is_in_base_and_in_one_view_in_its_month(site: Site) -> None:
    ids = f"select {MONTH}, uniqExact(event_id) as ids, count() as n from"
    of_raw, of_base, of_views = (
        {row["month"]: (int(row["ids"]), int(row["n"])) for row in site.query(query)}
        for query in (
            # An id that is twice is kept where it was first.
            f"{ids} (select event_id, min(emission_time) as emission_time "
            "from xapi.xapi_events_all group by event_id) group by month",
            f"{ids} oars_staging.base_xapi__statements_final group by month",
            f"{ids} ("
            + " union all ".join(
                f"select event_id, emission_time from oars_staging.{view}"
                for view in VIEWS.values()
            )
            + ") group by month",
        )
    )
    assert sum(n for n, _ in of_base.values()) > STATEMENTS * 0.95
    assert of_base == of_raw
    assert of_views == of_base


def test_statement_is_malformed_just_if_there_is_a_reason(site: Site) -> None:
    reasons = site.query(
        "select event_family = 'malformed' as is_malformed, rejection_reason, count() as n "
        "from oars_staging.base_xapi__statements_final group by all"
    )
    assert all(row["is_malformed"] == (row["rejection_reason"] != "") for row in reasons)
    found = {row["rejection_reason"] for row in reasons}
    assert {"", "not_json", "no_verb", "no_object", "no_actor", "impossible_time"} <= found


def test_no_address_is_kept_of_actors_in_what_learners_type_or_in_excerpts(site: Site) -> None:
    kept = site.query(
        "select event_id from oars_staging.base_xapi__statements_final where position(concat("
        "coalesce(actor_id, ''), ' ', coalesce(response, ''), ' ', coalesce(object_name, ''), ' ', "
        "coalesce(statement_excerpt, '')"
        "), 'a@example.com') > 0"
    )
    assert kept == []


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[Any]:
    """The engine in this process: only the views are read, statement by statement."""
    opened = clickhouse_connect.get_client(interface="chdb", path=str(site.data))
    yield opened
    opened.close()


@given(numbers=st.lists(st.integers(10**9, 2 * 10**9), max_size=5, unique=True))
@settings(
    derandomize=True,
    deadline=None,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_row_is_a_function_of_the_statement_alone(
    client: Any, site: Site, numbers: list[int]
) -> None:
    """Alone, among others, in any order: the same row."""

    def parsed(those: list[int]) -> list[str]:
        client.command("truncate table xapi.xapi_events_all")
        if those:
            file = site.folder / "few.tsv"
            client.command(insert_statement(file, map(mutated, those)))
        answer = client.raw_query(
            "select * from oars_staging.base_xapi__parsed_statements", fmt="JSONEachRow"
        )
        return sorted(line for line in answer.decode().splitlines())

    together = parsed(numbers)
    assert len(together) == len(numbers)
    assert parsed(numbers[::-1]) == together
    assert sorted(row for number in numbers for row in parsed([number])) == together
    assert all(json.loads(row)["event_family"] for row in together)
