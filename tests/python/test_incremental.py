"""What a run does by itself when a model, the parser or the layout of raw is another."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from oars_site import WITHOUT_TESTS, Site, copy_of_project
from test_arrival import kill_run
from xapi_corpus import SHAPE_CASES, Case

VECTORS_TABLE = """
create table xapi.xapi_events_all (event_id UUID, emission_time DateTime64(6), event {type})
engine = MergeTree order by (emission_time, event_id)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, to be edited."""
    return copy_of_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def edited(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("edited"), project)
    assert site.oars("init").code == 0
    assert site.oars("simulate", "--statements", "3000", "--courses", "2", "--load").code == 0
    assert site.dbt("build", *WITHOUT_TESTS).code == 0
    return site


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert text.count(before) == 1, f"{before!r} is not there once"
    path.write_text(text.replace(before, after))


def test_white_space_and_comments_of_the_parser_change_nothing(edited: Site, project: Path) -> None:
    parser = project / "models/staging/xapi/base_xapi__parsed_statements.sql"
    edit(parser, "select\n    -- ids\n", "select\n\n    -- the ids\n\n")
    run = edited.dbt("run")
    assert run.code == 0, run.out
    assert "read again" not in run.out
    last = "select months from oars_ops.run_log final order by started_at desc limit 1"
    assert edited.query(last) == [{"months": []}]


def test_macro_of_the_parser_is_the_parser_and_history_is_read_again(
    edited: Site, project: Path
) -> None:
    """Base gets a column too, in another place than its contract has it."""
    macro = project / "macros/model/course_org.sql"
    opening = "{% macro course_org(course_key) -%}"
    edit(macro, opening, f"{opening}\n    upper(")
    edit(macro, "{%- endmacro %}", ")\n{%- endmacro %}")
    parser = project / "models/staging/xapi/base_xapi__parsed_statements.sql"
    edit(
        parser,
        "    toLowCardinality(event_type) as event_type,\n",
        (
            "    concat(event_type, '!')::String as loud_type,\n"
            "    toLowCardinality(event_type) as event_type,\n"
        ),
    )
    added = "      - name: loud_type\n        description: A test.\n        data_type: String\n"
    contract = project / "models/staging/xapi/base_xapi__statements.yml"
    edit(contract, "      - name: statement_hash\n", f"{added}      - name: statement_hash\n")
    run = edited.dbt("run")
    assert run.code == 0, run.out
    assert "are read again." in run.out
    [orgs] = edited.query(
        "select countIf(org != upper(org)) as old, count() as n from oars.fct_enrollments"
    )
    assert (int(orgs["old"]), int(orgs["n"]) > 0) == (0, True)
    [types] = edited.query(
        "select countIf(loud_type != concat(event_type, '!')) as wrong, count() as n, "
        "countIf(event_family = '') as misplaced from oars_staging.base_xapi__statements"
    )
    assert (int(types["wrong"]), int(types["misplaced"]), int(types["n"])) == (0, 0, 3000)


def test_added_and_reordered_columns_of_a_mart_are_stored_where_they_belong(
    edited: Site, project: Path
) -> None:
    before = edited.query("select * from oars.fct_enrollments order by all")
    model = project / "models/marts/enrollment/fct_enrollments.sql"
    edit(
        model,
        "    enrollment_count,\n    mode_change_count\n",
        (
            "    mode_change_count,\n    enrollment_count,\n"
            "    (enrollment_count * 100)::UInt64 as hundredfold\n"
        ),
    )
    contract = project / "models/marts/enrollment/fct_enrollments.yml"
    edit(
        contract,
        "      - name: enrollment_count\n",
        (
            "      - name: hundredfold\n        description: A test.\n        data_type: UInt64\n"
            "      - name: enrollment_count\n"
        ),
    )
    run = edited.dbt("run", "--select", "fct_enrollments")
    assert run.code == 0, run.out
    after = edited.query("select * from oars.fct_enrollments order by all")
    assert [int(row.pop("hundredfold")) for row in after] == [
        int(row["enrollment_count"]) * 100 for row in before
    ]
    assert after == before


def test_what_is_built_by_hand_after_a_kill_is_built_again(edited: Site) -> None:
    """Killed while base lacks a month that is being read again, a run leaves less to be seen."""
    problems = "select * from oars.fct_learner_problems order by all"
    before = edited.query(problems)
    # Erased is what is in no problem, in a month in which both courses have attempts.
    [busy] = edited.query(
        "select toString(toYYYYMM(emission_time)) as month "
        "from oars_staging.stg_xapi__problem_events group by month "
        "order by uniqExact(course_key) desc, count() desc limit 1"
    )
    edited.execute(
        "alter table xapi.xapi_events_all delete where event_id in (select min(event_id) from "
        f"oars_staging.stg_xapi__video_events where toYYYYMM(emission_time) = {busy['month']}) "
        "settings mutations_sync = 2, allow_nondeterministic_mutations = 1"
    )
    kill_run(edited, "insert into `oars_staging`.`base_xapi__statements`")
    by_hand = edited.dbt("run", "--full-refresh", "--select", "fct_learner_problems")
    assert by_hand.code == 0, by_hand.out
    assert edited.query(problems) != before
    run = edited.dbt("run")
    assert run.code == 0, run.out
    assert edited.query(problems) == before


def test_mart_of_a_site_reads_what_it_likes_and_follows_it(edited: Site, project: Path) -> None:
    """Also what the incremental method does not know: ephemeral models, plain tables."""
    folder = project / "models/marts/enrollment"
    (folder / "site_enrolled.sql").write_text(
        "{{ config(materialized='ephemeral', access='protected') }}\n"
        "select course_key, actor_id from {{ ref('fct_enrollments') }} where is_enrolled\n"
    )
    teams = folder / "site_teams.sql"
    teams.write_text(
        "{{ config(materialized='table', order_by='course_key') }}\n"
        "select distinct course_key, 'red' as team from {{ ref('dim_courses') }}\n"
    )
    (folder / "agg_site.sql").write_text(
        "{{ course_relation(order_by=['course_key']) }}\n"
        "with enrolled as (select * from {{ ref('site_enrolled') }} where {{ planned() }}),\n"
        "teams as (select * from {{ ref('site_teams') }} where {{ planned() }})\n"
        "select enrolled.course_key as course_key, any(teams.team) as team, count() as n\n"
        "from enrolled left join teams on enrolled.course_key = teams.course_key\n"
        "group by course_key\n"
    )
    (folder / "agg_site.yml").write_text(
        "version: 2\nmodels:\n  - name: agg_site\n    config: {contract: {enforced: true}}\n"
        "    columns:\n      - {name: course_key, data_type: String}\n"
        "      - {name: team, data_type: String}\n      - {name: n, data_type: UInt64}\n"
    )
    found = "select team, sum(n) as n from oars.agg_site group by team"
    [enrolled] = edited.query("select countIf(is_enrolled) as n from oars.fct_enrollments")
    run = edited.dbt("run", "--select", "site_teams", "agg_site")
    assert run.code == 0, run.out
    assert edited.query(found) == [{"team": "red", "n": enrolled["n"]}]

    edit(teams, "'red'", "'blue'")
    run = edited.dbt("run", "--select", "site_teams", "agg_site")
    assert run.code == 0, run.out
    assert edited.query(found) == [{"team": "blue", "n": enrolled["n"]}]


def test_parts_of_raw_that_were_merged_are_known_and_no_id_is_looked_up(edited: Site) -> None:
    base = ("--select", "base_xapi__statements")
    copies = "insert into xapi.xapi_events_all select * replace (generateUUIDv4() as event_id) "
    for _ in range(3):
        edited.execute(f"{copies} from xapi.xapi_events_all limit 10")
        assert edited.dbt("run", *base).code == 0
    edited.execute("optimize table xapi.xapi_events_all final")
    merged = edited.dbt("--log-level", "debug", "run", *base)
    assert merged.code == 0, merged.out
    assert "insert into oars_ops.arrived_parts" in merged.out
    assert "insert into oars_ops.missing" not in merged.out
    # A part that was merged with one that no run has seen is looked at.
    edited.execute(
        f"{copies} from xapi.xapi_events_all limit 10", "optimize table xapi.xapi_events_all final"
    )
    both = edited.dbt("--log-level", "debug", "run", *base)
    assert "insert into oars_ops.missing" in both.out
    [lacking] = edited.query(
        "select count() as n from xapi.xapi_events_all where event_id not in "
        "(select event_id from oars_staging.base_xapi__statements)"
    )
    assert int(lacking["n"]) == 0


def test_what_was_erased_before_its_part_was_merged_with_news_leaves_base(edited: Site) -> None:
    base = ("--select", "base_xapi__statements")
    assert edited.dbt("run", *base).code == 0
    [erased] = edited.query("select min(event_id) as id from oars_staging.base_xapi__statements")
    edited.execute(
        f"alter table xapi.xapi_events_all delete where event_id = '{erased['id']}' "
        "settings mutations_sync = 2",
        "insert into xapi.xapi_events_all select * replace (generateUUIDv4() as event_id) "
        "from xapi.xapi_events_all limit 10",
        "optimize table xapi.xapi_events_all final",
    )

    run = edited.dbt("run", *base)

    assert run.code == 0, run.out
    ids = "select distinct event_id as id from {} order by id"
    assert edited.query(ids.format("oars_staging.base_xapi__statements")) == edited.query(
        ids.format("xapi.xapi_events_all")
    )


def test_ledger_that_the_engine_merges_during_a_run_adds_nothing_to_it(
    edited: Site, project: Path, tmp_path: Path
) -> None:
    planned = "{%- do oars.load_changed_roots() -%}"
    merge = "{%- do run_query('optimize table ' ~ oars.ops('ledger') ~ ' final') -%}"
    edit(project / "macros/engine/plan/plan_relations.sql", planned, planned + merge)
    assert edited.dbt("run").code == 0
    [played] = edited.query(
        "select event from xapi.xapi_events_all where event_id in "
        "(select min(event_id) from oars_staging.stg_xapi__video_events "
        "where event_type = 'video_played' and emission_time < '2026-06-01')"
    )
    news = json.loads(str(played["event"])) | {
        "id": str(uuid4()),
        "timestamp": "2026-06-01T10:00:00Z",
        "stored": "2026-06-01T10:00:01Z",
    }
    (tmp_path / "news.jsonl").write_text(json.dumps(news))
    assert edited.oars("load", str(tmp_path / "news.jsonl")).code == 0

    run = edited.dbt("--log-level", "debug", "run")

    assert run.code == 0, run.out
    assert "optimize table oars_ops.ledger final" in run.out
    assert "int_video_steps__dbt_new_data" in run.out
    assert "fct_exam_attempts__dbt_new_data" not in run.out


def test_raw_that_was_updated_in_place_does_not_stop_a_run(edited: Site) -> None:
    edited.execute(
        "alter table xapi.xapi_events_all modify setting "
        "enable_block_number_column = 1, enable_block_offset_column = 1",
        "optimize table xapi.xapi_events_all final",
        "insert into xapi.xapi_events_all select * from xapi.xapi_events_all limit 1",
        "update xapi.xapi_events_all set event = event where event_id in "
        "(select min(event_id) from xapi.xapi_events_all)",
    )
    [patches] = edited.query(
        "select count() as n from system.parts "
        "where table = 'xapi_events_all' and active and startsWith(partition_id, 'patch')"
    )
    assert int(patches["n"]) > 0
    run = edited.dbt("run", "--select", "base_xapi__statements")
    assert run.code == 0, run.out


def test_other_number_of_buckets_builds_a_relation_anew(edited: Site) -> None:
    partitions = (
        "select uniqExact(partition) as n from system.parts "
        "where active and rows > 0 and table = 'fct_learner_course_days'"
    )
    rows = "select * from oars.fct_learner_course_days order by all"
    before = edited.query(rows)
    one = ("--vars", json.dumps({"course_buckets": 1}))
    run = edited.dbt("run", "--select", "fct_learner_course_days", *one)
    assert run.code == 0, run.out
    assert edited.query(partitions) == [{"n": 1}]
    assert edited.query(rows) == before


def rows_of_base(folder: Path, raw_type: str, cases: list[Case]) -> list[dict[str, object]]:
    """What base has of statements in a raw table as Vector makes it: no months, no merges."""
    site = Site(folder)
    site.execute("create database xapi", VECTORS_TABLE.format(type=raw_type))
    assert site.oars("init").code == 0
    # Each statement twice.
    site.insert((case.event_id, case.emission_time, case.body) for case in cases * 2)
    only_base = ("--select", "+base_xapi__statements_final", "path:seeds")
    assert site.dbt("build", *only_base, *WITHOUT_TESTS).code == 0
    again = site.dbt("run", "--select", "+base_xapi__statements_final")
    assert again.code == 0, again.out
    last = "select months from oars_ops.run_log final order by started_at desc limit 1"
    assert site.query(last) == [{"months": []}]
    return site.query(
        "select * except (loaded_at, statement_hash, statement_length, parser_version) "
        "from oars_staging.base_xapi__statements_final order by event_id"
    )


def test_raw_of_any_layout_and_of_type_json_is_read_alike(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    as_text = rows_of_base(tmp_path_factory.mktemp("text"), "String", SHAPE_CASES)
    as_json = rows_of_base(tmp_path_factory.mktemp("json"), "JSON", SHAPE_CASES)
    assert len(as_text) == len(SHAPE_CASES)
    assert as_json == as_text
