"""The guard by itself: what passes, what is refused, and that the refused would have worked."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import clickhouse_connect
import pytest
from conftest import SEALED, make_site
from oars_superset import guard
from oars_superset.rows import ALL_ROWS

SECRET = "text of a file"
FUZZ_QUERIES = int(os.environ.get("FUZZ_QUERIES", "0"))
# What opens, and what closes it.
OPENED = [
    *[(f"{name}(", ")") for name in ("", "tuple", "array", "map", "nullable", "decimal", "date")],
    *[(f"{name}(", ", 1)") for name in ("if", "left", "enum", "char", "datetime64", "interval")],
    *[(f"{name}[", "]") for name in ("", "x", "array", "map", "date", "decimal", "`date`")],
    *[("(select ", ")"), ("(select * from ", ")"), ("exists(select ", ")"), ("1 in (", ")")],
    *[("case when ", " then 1 end"), ("case ", " when 1 then 1 end"), ("cast(", " as Int8)")],
    *[("not ", ""), ("- ", ""), ("", "::int8"), ("", "::array(int8)"), ("", " is null")],
    *[("x -> ", ""), ("(x, y) -> (", ")"), ("interval ", " day"), ("1 between ", " and 1")],
    *[("(with a as (", ") select 1)"), ("(select 1 union all ", ")"), ("a join (", ")")],
    *[("/* ", " */"), ("'", "'"), ("`", "`"), ("-- ", "\n"), ("1e", ""), ("a.", ".b")],
]

# What Superset makes of charts, filters and previews; and custom SQL that a dashboard may have.
ALLOWED = [
    "SELECT 1",
    "SELECT count(*) AS `count` \nFROM `oars`.`fct_enrollments` \n LIMIT 1000;\n\n",
    "SELECT toStartOfDay(toDateTime(`first_enrolled_at`)) AS `__timestamp`, sum(enrollment_count) "
    "AS `SUM(enrollment_count)` FROM `oars`.`fct_enrollments` WHERE `first_enrolled_at` >= "
    "toDateTime('2026-01-01 00:00:00') AND `course_key` IN ('a', 'it''s', 'b\\'c') GROUP BY "
    "toStartOfDay(toDateTime(`first_enrolled_at`)) ORDER BY `SUM(enrollment_count)` DESC LIMIT 9",
    "SELECT toMonday(toDateTime(`first_enrolled_at`)) AS a, toStartOfMonth(toDateTime("
    "`first_enrolled_at`)) AS b, toDateTime(intDiv(toUInt32(toDateTime(`first_enrolled_at`)), 300)"
    "*300) AS c FROM oars.fct_enrollments",
    "SELECT DISTINCT `course_key` AS `column_values` FROM `oars`.`fct_enrollments` WHERE "
    "(course_key in (select course_key from oars.course_staff where username = unhex('6f27') and "
    "username != '')) LIMIT 10000",
    "SELECT `a` FROM (SELECT course_key AS a FROM oars.fct_enrollments) AS `virtual_table` JOIN "
    "(SELECT course_key AS a__, count(*) AS mme_inner__ FROM oars.fct_enrollments GROUP BY "
    "course_key ORDER BY mme_inner__ DESC LIMIT 5) AS `series_limit` ON `a` = `a__`",
    "SELECT COUNT(*) AS `rowcount` FROM (SELECT `course_key` FROM `oars`.`fct_enrollments`) AS r",
    "WITH best AS (SELECT course_key FROM oars.fct_enrollments), second AS (SELECT * FROM best) "
    "SELECT * FROM second",
    "SELECT uniqExactIf(actor_id, enrollment_mode = 'audit') / nullIf(count(), 0) AS `% of "
    '"audit"` FROM oars.fct_enrollments',
    "SELECT quantile(0.5)(attempt_count), quantilesExact(0.1, 0.9)(attempt_count), "
    "sumOrNullIf(attempt_count, attempt_count > 1), argMax(block_id, attempt_count) "
    "FROM oars.agg_problem_difficulty",
    "SELECT CASE WHEN attempt_count > 2 THEN 'many' ELSE 'few' END AS x, multiIf(1, 2, 3), "
    "if(1, 2, 3), coalesce(NULL, 1), CAST(attempt_count AS Nullable(Float64)), round(1.5, 1) "
    "FROM oars.agg_problem_difficulty",
    "SELECT row_number() OVER (PARTITION BY course_key ORDER BY attempt_count DESC) AS n, "
    "lagInFrame(attempt_count, 1) OVER (ORDER BY block_id) AS m FROM oars.agg_problem_difficulty",
    "SELECT arrayMap(x -> x + 1, [1, 2]), arrayJoin([1, 2]), splitByChar('+', course_key)[2], "
    "tuple(1, 'a').2, map('a', 1)['a'] FROM oars.fct_enrollments",
    "SELECT course_key FROM oars.fct_enrollments WHERE course_key ILIKE '%own%' AND NOT "
    "(enrollment_mode IN ('verified')) AND (1, 2) IN ((1, 2), (3, 4)) AND actor_id IS NOT NULL",
    "SELECT 1 AS a UNION ALL SELECT count() FROM oars.agg_instance_daily",
    "SELECT 'file(1) -- /* ; settings', \"course_key\" FROM oars.fct_enrollments -- a comment",
    "/* who asked */ SELECT dateDiff('day', toDate('2026-01-01'), today()) + toInt8(extract(YEAR "
    "FROM now()) > 0), INTERVAL 1 DAY",
    "SELECT * FROM oars_pii.dim_learners_pii",
    "SELECT course_key, actor_id FROM oars.fct_enrollments ARRAY JOIN [1, 2] AS b",
    "SELECT m.course_key AS course_key, b.block_id AS b FROM oars.fct_enrollments AS m LEFT JOIN "
    "oars.agg_problem_difficulty AS b ON m.course_key = b.course_key",
    "SELECT `username` AS `username` FROM oars.course_staff",
    "WITH a AS (SELECT course_key FROM oars.fct_enrollments), b AS (SELECT course_key AS x FROM "
    "oars.fct_enrollments) SELECT a.course_key AS course_key FROM a JOIN b ON a.course_key = b.x",
]

# Refused: what reads files, tables, the server or the session. The engine does run these.
HARMFUL = [
    "SELECT file('{file}')",
    "SELECT `file`('{file}')",
    "SELECT \"file\" /* c */ ('{file}')",
    "SELECT any(file('{file}'))",
    "SELECT * FROM file('{file}', 'LineAsString')",
    "SELECT * FROM `file`('{file}', 'LineAsString')",
    "FROM file('{file}', 'LineAsString') SELECT *",
    "SELECT * FROM (SELECT * FROM file('{file}', 'LineAsString'))",
    "WITH x AS (SELECT * FROM file('{file}', 'LineAsString')) SELECT * FROM x",
    "SELECT (SELECT * FROM file('{file}', 'LineAsString'))",
    "SELECT 'text of a file' AS x WHERE x IN file('{file}', 'LineAsString')",
    "SELECT '' UNION ALL SELECT * FROM file('{file}', 'LineAsString')",
    "SELECT line FROM oars.fct_enrollments, file('{file}', 'LineAsString') AS f",
    "SELECT line FROM oars.fct_enrollments CROSS JOIN file('{file}', 'LineAsString') AS f",
    "SELECT arrayMap(x -> file(x), ['{file}'])",
    "SELECT 'it\\'s', file('{file}') -- '",
    "SELECT 'a\\\\', file('{file}') -- '",
    "SELECT 1 -- c\n, file('{file}')",
    "SELECT $$a$$, file('{file}')",
    "SELECT $x$ ' $x$, file('{file}') -- '",
    "SELECT file($${file}$$)",
    "SELECT * FROM numbers(3)",
    "SELECT * FROM generateRandom('a Int8') LIMIT 1",
    "SELECT * FROM merge('oars_staging', '.*')",
    "SELECT * FROM view(SELECT 1)",
    "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM values('a Int8', 1)",
    "SELECT name FROM system.tables",
    "SELECT name FROM `system`.`tables`",
    "SELECT * FROM system /* */ . one",
    "SELECT table_name FROM information_schema.tables",
    "SELECT * FROM oars_staging.base",
    "SELECT 1 FROM oars.fct_enrollments JOIN oars_staging.base USING (course_key)",
    "SELECT * FROM base",
    "WITH base AS (SELECT * FROM base) SELECT * FROM base",
    "WITH 1 AS base SELECT * FROM base",
    "SELECT * FROM (WITH base AS (SELECT 1) SELECT * FROM base) AS x, base",
    "SELECT 0 IN system.one",
    "SELECT 0 IN (system.one)",
    "SELECT in(0, system.one)",
    "SELECT `in`(0, system.one)",
    "SELECT notIn(0, system.one)",
    "SELECT globalIn(0, system.one)",
    "SELECT 'base' IN (SELECT name FROM system.tables)",
    "SELECT EXISTS (SELECT 1 FROM system.one)",
    "SELECT hasColumnInTable('oars_staging', 'base', 'response')",
    "SELECT joinGet('oars_staging.joined', 'v', toInt64(1))",
    "SELECT dictGet('oars_staging.words', 'v', 1)",
    "SELECT dictGetOrDefault('oars_staging.words', 'v', 1, '')",
    "SELECT dictHas('oars_staging.words', 1)",
    "SELECT getSetting('max_threads')",
    "SELECT hostName()",
    "SELECT fqdn()",
    "SELECT version()",
    "SELECT uptime()",
    "SELECT currentUser()",
    "SELECT currentDatabase()",
    "SELECT filesystemAvailable()",
    "SELECT sleep(0.01)",
    "SELECT * FROM oars.fct_enrollments SETTINGS max_threads = 1",
    "SELECT 1 FORMAT JSON",
    "SELECT 1 INTO OUTFILE '{file}.out'",
    "SELECT * APPLY(toString) FROM oars.fct_enrollments",
    "SELECT COLUMNS('key') FROM oars.fct_enrollments",
    "EXPLAIN SELECT 1",
    "SHOW TABLES FROM oars_staging",
    "DESCRIBE TABLE oars_staging.base",
    "EXISTS TABLE oars_staging.base",
    "CREATE TABLE oars.made (a Int8) ENGINE = Memory",
    "INSERT INTO oars.course_staff VALUES ('mallory', 'all')",
    "ALTER TABLE oars.course_staff DELETE WHERE 1",
    "SET max_threads = 1",
    "USE system",
]

# Refused since parsers differ on them, or since nobody needs them.
ODD = [
    "SELECT 1; SELECT 2",
    "SELECT {a:String}",
    "SELECT {'a': 1}",
    "SELECT 1 /* /* */ */",
    "SELECT 1 /*+ hint */",
    "SELECT 1 /* never ends",
    "SELECT 1 # comment",
    "SELECT 'never ends",
    "SELECT 1\x00",
    "SELECT 1\xa0",
    "SELECT 1 \r, file('x')",
    "SELECT \u201cfile\u201d('x')",
    "SELECT \uff46ile('x')",
    "SELECT `a\\`b`",
    "SELECT `a``b`",
    'SELECT "a""b"',
    "SELECT x'41'",
    "SELECT 0x41",
    "SELECT 1a",
    "SELECT @@version",
    "WITH `as` AS (SELECT 1 AS interval, 1 AS k) SELECT interval - k FROM AS b, oars.t AS c",
    "SELECT INTERVAL 1 FROM AS b",
    "SELECT " + "decimal(" * 14 + "1" + ")" * 14,
    "SELECT " + "tuple(" * 50 + "1" + ")" * 50,
    "SELECT 1 -- c */ , 2",
    "SELECT 1 -- c /* , 2",
    "SELECT 1 UNION ALL WITH x AS (SELECT 2) SELECT * FROM x",
    "SELECT 1 EXCEPT WITH x AS (SELECT 2) SELECT * FROM x UNION DISTINCT SELECT * FROM x",
    "WITH `oars.course_staff` AS (SELECT 1) SELECT 1",
    "SELECT (WITH `a b` AS (SELECT 1) SELECT 1)",
    "SELECT a ? b : c FROM oars.fct_enrollments",
    "SELECT position('a' IN course_key) FROM oars.fct_enrollments",
    "SELECT * FROM oars.a.b",
    "SELECT 1 PARALLEL WITH SELECT 2",
    "SELECT aiGenerate('x', 'y')",
    "SELECT catboostEvaluate('x', 1)",
    "SELECT addressToLine(1)",
    "SELECT thisFunctionIsNew(1)",
    "SELECT " + "(" * 3000 + "1" + ")" * 3000,
    # To sqlglot each level of these doubles the time, or comes near it.
    "SELECT " + "array[" * 15 + "1" + "]" * 15,
    "SELECT " + "decimal[" * 12 + "1" + "]" * 12,
    "SELECT " + "tuple(" * 12 + "1" + ")" * 12,
    "SELECT " + ", ".join(["date[date[1]]"] * 600),
    "SELECT " + " or ".join(["a = b"] * 2000),
    # Types named by a text: what stands for one may be made of any bytes.
    "SELECT CAST('x', 'AggregateFunction(count)')",
    "SELECT accurateCast('x', 'AggregateFunction(count)')",
    "SELECT reinterpret('x', 'AggregateFunction(count)')",
    "SELECT CAST('x' AS AggregateFunction(count))",
    "SELECT '" + "a" * 200_000 + "'",
    "",
    "-- nothing",
]


# Refused: what gives something else the name of a function that row-level security is written with.
# Each is run over the rows of somebody who is staff of one course.
NAMES = [
    "SELECT arrayMap((x -> 'staff_of_two') AS unhex, [1]), actor_id FROM oars.fct_enrollments",
    "WITH x -> 'staff_of_two' AS unhex SELECT actor_id FROM oars.fct_enrollments",
    "WITH (x, y) -> 1 AS equals SELECT actor_id FROM oars.fct_enrollments",
    "WITH (x, y) -> 1 AS `in` SELECT actor_id FROM oars.fct_enrollments",
    "WITH (x, y) -> 1 AS `and` SELECT actor_id FROM oars.fct_enrollments",
    "WITH (x, y) -> 1 AS and SELECT actor_id FROM oars.fct_enrollments",
]
# What else is given a name of the rule changes nothing: columns are looked for in the table first.
TUPLE = "CAST(tuple('course-v1:Own+A+1') AS Tuple(course_key String))"
HARMLESS_NAMES = [
    "SELECT 'course-v1:Own+A+1' AS course_key, actor_id FROM oars.fct_enrollments",
    f"SELECT {TUPLE} AS a, a.course_key AS course_key, actor_id FROM oars.fct_enrollments",
    f"WITH {TUPLE} AS a SELECT a.course_key AS course_key, actor_id FROM oars.fct_enrollments",
    "SELECT a.course_key AS course_key, actor_id FROM oars.fct_enrollments "
    f"ARRAY JOIN [{TUPLE}] AS a",
    "WITH 'staff_of_two' AS username SELECT actor_id FROM oars.fct_enrollments",
    "WITH course_staff AS (SELECT 1) SELECT actor_id FROM oars.fct_enrollments",
]
# A value's name is no table's: the table of that name is read.
VALUES_AS_TABLES = [
    "WITH (SELECT 1) AS base SELECT response FROM base",
    "SELECT '' UNION ALL WITH (SELECT 1) AS base SELECT response FROM base",
    "SELECT EXISTS (WITH (SELECT 1) AS base SELECT response FROM base)",
]
NAMES_TOO = [
    "SELECT (x -> 'staff_of_two') unhex, actor_id FROM oars.fct_enrollments",
    "SELECT arrayMap((a, unhex) -> unhex, ['own'], ['b']) FROM oars.fct_enrollments",
    "SELECT arrayMap((x -> 'a') AS harmless, [1]) FROM oars.fct_enrollments",
    "WITH unhex AS (SELECT 1) SELECT actor_id FROM oars.fct_enrollments",
    "SELECT 1 AS notEquals",
    "SELECT 1 equals",
]


def own_rows(sql: str, engine: Any) -> list[Any]:
    """What the query gives over the rows of staff_of_one, as rows.py writes it."""
    rule = (
        "course_key in (select course_key from oars.course_staff "
        f"where username = unhex('{b'staff_of_one'.hex()}') and username != '')"
    )
    narrowed = f"(select * from oars.fct_enrollments where {rule} limit {ALL_ROWS})"
    rows: list[Any] = engine.query(sql.replace("oars.fct_enrollments", narrowed)).result_rows
    return rows


@pytest.mark.parametrize("sql", NAMES)
def test_what_takes_a_name_of_the_rule_is_refused_and_would_have_worked(
    sql: str, engine: Any
) -> None:
    with pytest.raises(guard.Refused):
        guard.check(sql)
    assert any(row[-1].startswith(SEALED) for row in own_rows(sql, engine))


@pytest.mark.parametrize("sql", HARMLESS_NAMES)
def test_other_names_change_no_rule(sql: str, engine: Any) -> None:
    guard.check(sql)
    assert {row[-1] for row in own_rows(sql, engine)} == {f"own-actor-{n}" for n in range(5)}


@pytest.mark.parametrize("sql", NAMES_TOO)
def test_nothing_takes_a_name_of_the_rule(sql: str) -> None:
    with pytest.raises(guard.Refused, match=r"called|given a name|be understood"):
        guard.check(sql)


@pytest.mark.parametrize("sql", VALUES_AS_TABLES)
def test_a_value_called_like_a_table_does_not_define_it(sql: str, engine: Any) -> None:
    engine.command("use oars_staging")
    assert engine.query(sql).result_rows
    with pytest.raises(guard.Refused, match=r"is not a mart|has to stand in"):
        guard.check(sql, default_schema="oars_staging")


@pytest.mark.parametrize("sql", ALLOWED)
def test_what_dashboards_ask_passes_and_runs(sql: str, engine: Any) -> None:
    guard.check(sql)
    engine.query(sql.strip().rstrip(";"))


@pytest.mark.parametrize("sql", HARMFUL)
def test_what_reads_elsewhere_is_refused_and_would_have_run(
    sql: str, engine: Any, file: Path
) -> None:
    sql = sql.replace("{file}", str(file))
    with pytest.raises(guard.Refused):
        guard.check(sql, default_schema="oars_staging")
    if "INTO OUTFILE" not in sql:  # The engine does this only for its own command line.
        engine.command("use oars_staging")
        answer = engine.raw_query(sql).decode()
        assert SECRET in answer or str(file) not in sql


@pytest.mark.parametrize("sql", ODD, ids=lambda sql: sql[:30])
def test_what_parsers_read_differently_is_refused(sql: str) -> None:
    with pytest.raises(guard.Refused) as refused:
        guard.check(sql, default_schema="oars")
    assert "\n" not in str(refused.value)


@pytest.mark.skipif(not FUZZ_QUERIES, reason="takes minutes: make fuzz")
def test_no_text_of_10000_characters_takes_long() -> None:
    draw = random.Random(1)
    for _ in range(FUZZ_QUERIES):
        sql = nested_text(draw)
        # The least of three, since the machine may be at other work.
        assert min(seconds_of(sql) for _ in range(3 if seconds_of(sql) > 0.5 else 1)) < 0.5, sql


def nested_text(draw: random.Random, opened: list[tuple[str, str]] = OPENED) -> str:
    """Up to 10,000 characters of what opens, within itself and side by side; it may be cut off."""
    pieces: list[str] = []
    while len(" ".join(pieces)) < 10_000 and draw.random() < 0.995:
        chosen = draw.choices(opened, k=draw.choice([1, 1, 2, 3]))
        depth = draw.choice([1, 2, 4, 6, 10, 20, 40])
        before = "".join(chosen[level % len(chosen)][0] for level in range(depth))
        after = "".join(chosen[level % len(chosen)][1] for level in reversed(range(depth)))
        pieces.append(before + draw.choice(["1", "x", "'a'", "date", "select 1"]) + after)
        if draw.random() < 0.5:
            pieces *= draw.choice([10, 100, 1000])
    text = draw.choice([", ", " or ", " "]).join(pieces)[:9_900]
    return f"SELECT {text} FROM oars.fct_enrollments"


def seconds_of(sql: str) -> float:
    start = time.process_time()
    with suppress(guard.Refused):
        guard.check(sql)
    return time.process_time() - start


def test_bare_names_are_of_the_schema_of_the_connection() -> None:
    guard.check("SELECT * FROM fct_enrollments", default_schema="oars")
    with pytest.raises(guard.Refused):
        guard.check("SELECT * FROM fct_enrollments", default_schema="default")


def test_an_operator_can_allow_schemas_and_functions() -> None:
    with pytest.raises(guard.Refused):
        guard.check("SELECT h3ToParent(1, 2) FROM site.marts")
    guard.check(
        "SELECT h3ToParent(1, 2) FROM site.marts", ("site",), None, frozenset({"h3toparent"})
    )


def test_every_function_of_the_engine_that_is_not_listed_is_refused(engine: Any) -> None:
    names = engine.query("select name, categories from system.functions").result_rows
    tables = engine.query("select name, '' from system.table_functions").result_rows
    assert len(names) > 1000
    assert len(tables) > 50
    passed = {}
    for name, categories in [*names, *tables]:
        try:
            guard.check(f"SELECT `{name}`(1)")
        except guard.Refused:
            continue
        passed[name] = categories
    harmful = {"AI", "Dictionary", "Embedded Dictionary", "Introspection", "Machine Learning"}
    harmful |= {"Internal", "Random Number", "Encryption"}
    assert not {name for name, categories in passed.items() if categories in harmful}
    assert not {name for name, _ in tables} & set(passed)
    assert len(passed) > 1000  # The list is of this engine.


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "secret.txt"
    path.write_text(SECRET)
    return path


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("engine") / "chdb"
    make_site(folder)
    client = clickhouse_connect.get_client(interface="chdb", path=str(folder))
    for statement in [
        "create table oars_staging.joined (k Int64, v String) engine = Join(any, left, k)",
        "insert into oars_staging.joined values (1, 'x')",
        "create table oars_staging.source (k UInt64, v String) engine = Memory",
        "create dictionary oars_staging.words (k UInt64, v String) primary key k "
        "source(clickhouse(db 'oars_staging' table 'source')) lifetime(0) layout(flat())",
    ]:
        client.command(statement)
    yield client
    client.close()
