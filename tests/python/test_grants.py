"""`oars grants`: the roles follow from the models, are enough for what is done, and for no more."""

import copy
import hashlib
import os
import re
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import ProgrammingError

from oars.connection import OarsError
from oars.grants import (
    ENGINES,
    ROLES_WITH_USERS,
    SYSTEM,
    SYSTEM_OF_DRIVER,
    parts,
    refuse_odd,
    rights_of_dbt,
    shipped_rights,
    variable_of,
)
from oars.grants import Site as Described
from oars.manifest import read_manifest
from oars.raw_tables import raw_names
from oars_site import PROJECT, WITHOUT_TESTS, Site, copy_of_project
from test_targets import SIMULATED, HttpSite

GOLDEN = Path(__file__).with_name("golden")
# Golden file -> cluster, organizations, and whether personal data are turned on. They are no .sql,
# which dbt would take for data tests.
GOLDENS: dict[str, tuple[str | None, tuple[str, ...], bool]] = {
    "grants_server": (None, (), False),
    "grants_cluster": ("default", (), False),
    "grants_pii": (None, (), True),
    "grants_organizations": (None, ("AcmeU", "NorthCollege"), False),
}
ACME = "AcmeU"


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Any]:
    """The project without and with personal data."""
    profiles = tmp_path_factory.mktemp("profiles")
    (profiles / "profiles.yml").write_text((PROJECT / "profiles.yml.example").read_text())
    return {
        is_pii: read_manifest(PROJECT, profiles, "server", {"pii_enabled": is_pii})
        for is_pii in (False, True)
    }


def script(manifest: Any, cluster: str | None = None, organizations: tuple[str, ...] = ()) -> str:
    made = parts(Described(manifest, raw_names(), "oars", cluster), organizations)
    return "\n\n".join(map(str, made)) + "\n"


def statements(text: str) -> list[str]:
    """The statements of a script; no text in one has a semicolon."""
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [each.strip() for each in "\n".join(lines).split(";") if each.strip()]


def rights_of(role: str, text: str) -> str:
    """What a script grants to a role."""
    [grant] = [each for each in statements(text) if f"to `oars_{role}` with replace" in each]
    return grant


@pytest.mark.parametrize("name", GOLDENS)
def test_grants_are_those_of_the_golden_file(name: str, manifests: dict[bool, Any]) -> None:
    """After a new mart, or another right: `WRITE_GOLDEN=1 pytest tests/python/test_grants.py`."""
    cluster, organizations, is_pii = GOLDENS[name]
    made = script(manifests[is_pii], cluster, organizations)
    file = GOLDEN / f"{name}.txt"
    if "WRITE_GOLDEN" in os.environ:
        file.write_text(made)
    assert made == file.read_text()


@pytest.mark.parametrize("is_pii", [False, True])
@pytest.mark.parametrize("cluster", [None, "default"])
def test_rights_that_doctor_asks_for_are_those_of_the_role(
    is_pii: bool, cluster: str | None, manifests: dict[bool, Any]
) -> None:
    role = rights_of_dbt(Described(manifests[is_pii], raw_names(), "oars", cluster))
    assert shipped_rights(raw_names(), "oars", cluster, is_pii) == role


def test_engine_parses_each_statement(tmp_path: Path) -> None:
    found = [each for name in GOLDENS for each in statements((GOLDEN / f"{name}.txt").read_text())]
    literals = [
        "'" + each.replace("\\", "\\\\").replace("'", "\\'") + "'"
        for each in [*found, "grant select to"]
    ]
    rows = Site(tmp_path).query(
        f"select arrayJoin([{', '.join(literals)}]) as said, "
        "isNotNull(formatQueryOrNull(said)) as is_parsed"
    )
    assert len(rows) > 200
    assert [row["said"] for row in rows if not row["is_parsed"]] == ["grant select to"]


def test_new_mart_is_granted_to_its_readers(manifests: dict[bool, Any]) -> None:
    manifest = copy.deepcopy(manifests[False])
    mart = copy.deepcopy(manifest.nodes["model.oars.agg_link_clicks"])
    mart.name = mart.alias = "agg_new"
    manifest.nodes["model.oars.agg_new"] = mart
    seen = copy.deepcopy(manifest.nodes["model.oars.course_staff"])
    seen.name = seen.alias = "agg_seen"
    seen.config.meta = {}
    seen.depends_on.nodes = ["model.oars.agg_new", "model.oars.stg_event_sink__tags"]
    manifest.nodes["model.oars.agg_seen"] = seen
    protected = copy.deepcopy(mart)
    protected.name = protected.alias = "agg_protected"
    protected.config.access = "protected"
    manifest.nodes["model.oars.agg_protected"] = protected

    made = script(manifest, None, (ACME,))

    for role in ("dashboards", "analyst"):
        rights = rights_of(role, made)
        assert rights.count("select on `oars`.`agg_new`,") == 1
        # A view, and through it what it reads.
        assert "select on `oars`.`agg_seen`," in rights
        assert "select on `oars_staging`.`stg_event_sink__tags`," in rights
        assert "select on `event_sink`.`tag`," in rights
        assert "agg_protected" not in rights
    # Of an organization the rows are kept apart, which a view's own tables would not do.
    rights = rights_of("organization_analyst", made)
    assert "agg_new" in rights
    assert "agg_seen" not in rights
    [policy] = [
        each for each in statements(made) if "`oars_analyst_of_AcmeU` on `oars`.`agg_new`" in each
    ]
    assert policy.endswith("using org = 'AcmeU' to `oars_analyst_of_AcmeU`")


def test_each_mart_of_an_organization_has_its_policies(manifests: dict[bool, Any]) -> None:
    """A mart without one would show all rows: a server takes who has no policy for unrestricted."""
    made = script(manifests[False], None, (ACME,))
    said = statements(made)
    granted = re.findall(r"select on (`oars`\S+`)", rights_of("organization_analyst", made))
    assert len(granted) > 20
    for mart in granted:
        found = [each for each in said if f"on {mart} using" in each]
        assert [re.sub(r".* using ", "", each) for each in found] == [
            "1 to all except `oars_organization_analyst`",
            "0 to `oars_organization_analyst`",
            "org = 'AcmeU' to `oars_analyst_of_AcmeU`",
        ], mart
    # Rows are kept apart before anybody may read.
    assert max(n for n, each in enumerate(said) if "row policy" in each) < min(
        n for n, each in enumerate(said) if "select on" in each
    )


def test_names_follow_the_schema_and_the_raw_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = (PROJECT / "profiles.yml.example").read_text()
    (tmp_path / "profiles.yml").write_text(profile.replace("schema: oars", "schema: ours"))
    monkeypatch.setenv("OARS_XAPI_DATABASE", "store")
    monkeypatch.setenv("OARS_XAPI_TABLE", "kept")
    monkeypatch.setenv("OARS_OPERATOR_DATABASE", "staff")
    manifest = read_manifest(PROJECT, tmp_path, "server")

    made = "\n".join(map(str, parts(Described(manifest, raw_names(), "ours"), (ACME,))))

    assert re.findall(r"\boars\w*|\bxapi\w*", re.sub("(?m)^--.*", "", made)) == []
    assert "select on `store`.`kept`," in made
    assert "alter delete on `store`.`kept`," in made
    assert "`ours_pii`.*" in made
    assert "select on `staff`.`course_staff`," in made


def test_every_system_table_that_is_read_is_granted() -> None:
    """Nobody notices on the embedded engine, which guards none of them."""
    packages = Path(pytest.__file__).parents[1]
    adapter = packages / "dbt"
    ours = [
        *(PROJECT / "macros").rglob("*.sql"),
        *(PROJECT / "models").rglob("*.sql"),
        *(PROJECT / "src" / "oars").rglob("*.py"),
    ]
    of_dbt = [
        *(adapter / "adapters" / "clickhouse").rglob("*.py"),
        *(adapter / "include" / "clickhouse" / "macros").rglob("*.sql"),
    ]
    # What the driver reads when it connects; the rest is SQLAlchemy's, which Superset asks for.
    driver = [*(packages / "clickhouse_connect" / "driver").glob("*.py")]
    superset = [
        *(PROJECT / "superset").rglob("*.py"),
        *(packages / "clickhouse_connect" / "cc_sqlalchemy").rglob("*.py"),
    ]
    assert tables_read(ours) <= set(SYSTEM)
    assert "parts" in tables_read(ours)
    # For grants of dbt's own and for refreshable views, of which the project has none.
    assert tables_read(of_dbt) - {"grants", "view_refreshes"} <= set(SYSTEM)
    assert tables_read(superset) <= set(SYSTEM_OF_DRIVER)
    # Its examples of queries name one more.
    assert tables_read(driver) - {"query_log"} <= set(SYSTEM_OF_DRIVER) & set(SYSTEM)


def tables_read(files: list[Path]) -> set[str]:
    """The tables of the server that files name."""
    assert files
    text = "\n".join(file.read_text() for file in files)
    return set(re.findall(r"\bsystem\.([a-z_]+)", text))


def test_every_engine_of_a_table_is_granted() -> None:
    text = "\n".join(
        file.read_text()
        for folder in ("macros", "models")
        for file in (PROJECT / folder).rglob("*.sql")
    )
    text += (PROJECT / "dbt_project.yml").read_text()
    assert set(re.findall(r"\b(\w*MergeTree)\b", text)) == {*ENGINES, "ReplicatedMergeTree"}


def test_password_is_sent_as_a_hash_and_never_printed(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.env |= {variable_of(role): f"secret of {role}" for role in ROLES_WITH_USERS}

    # The target is the embedded engine: printing needs no server.
    run = site.oars("grants", "--network", "10.0.0.0/8")

    assert run.code == 0, run.err
    assert "secret" not in run.out + run.err
    found = re.findall(
        r"alter user `oars_(\w+)_user` identified with sha256_hash "
        r"by '(\w{64})' salt '(\w{32})' host ip '10\.0\.0\.0/8';",
        run.out,
    )
    # Nobody is to read personal data where there are none.
    assert [role for role, _, _ in found] == ["dbt", "dashboards", "analyst"]
    for role, digest, salt in found:
        assert digest == hashlib.sha256(f"secret of {role}{salt}".encode()).hexdigest()
    assert not (site.data).exists()


def test_what_cannot_be_granted_is_one_sentence(tmp_path: Path) -> None:
    site = Site(tmp_path)
    applied = site.oars("grants", "--apply")
    assert (applied.code, applied.out) == (1, "")
    assert applied.err == (
        "Error: The embedded engine has no users: whoever can read its folder can read all of it. "
        "Name a server with --target.\n"
    )
    for organizations, networks in (
        (["x' or '1"], []),
        ([""], []),
        ([], ["10.0.0.0'"]),
        ([], ["fe80::1%'"]),
    ):
        with pytest.raises(OarsError, match="is no"):
            refuse_odd(organizations, networks)
    refuse_odd(["edX", "Ünï-2.x"], ["10.0.0.0/8", "::1"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> HttpSite:
    """A site with personal data, whose administrator has made the raw tables and the roles."""
    folder = tmp_path_factory.mktemp("site")
    site = HttpSite(folder, "server")
    project = copy_of_project(folder / "project")
    site.env["DBT_PROJECT_DIR"] = str(project)
    change(site, "pii_enabled: false", "pii_enabled: true")
    with site.opened_as():
        for command in (("init",), SIMULATED, ("grants", "--organization", ACME, "--apply")):
            done = site.oars(*command)
            assert done.code == 0, done.err
    return site


def change(site: HttpSite, old: str, new: str) -> None:
    """Set a var of the site's project."""
    settings = Path(site.env["DBT_PROJECT_DIR"]) / "dbt_project.yml"
    text = settings.read_text()
    assert old in text
    settings.write_text(text.replace(old, new))


def dbt(site: HttpSite, *arguments: str) -> None:
    done = site.dbt(*arguments, "--target", "server")
    assert done.code == 0, done.out


def may_not(site: HttpSite, statement: str) -> bool:
    """Whether the engine refuses a statement, and as it has to."""
    try:
        site.over_http(statement)
    except HTTPError as error:
        said = error.read().decode()
        # Of a table that is not visible the analyzer says that it does not know it.
        assert re.search(
            "ACCESS_DENIED|UNKNOWN_TABLE|READONLY|CONSTRAINT_VIOLATION|PROHIBITED", said
        ), said
        return True
    return False


@pytest.fixture(scope="module")
def built(site: HttpSite) -> HttpSite:
    with site.opened_as("oars_dbt"):
        dbt(site, "build", *WITHOUT_TESTS)
    return site


def test_dbt_touches_nothing_of_others(built: HttpSite) -> None:
    with built.opened_as("oars_dbt"):
        for table in ("xapi.xapi_events_all", "event_sink.user_profile"):
            for statement in (
                *("insert into {0} select * from {0}", "truncate table {0}", "drop table {0}"),
                *("alter table {0} delete where 1", "alter table {0} add column x Int8"),
            ):
                assert may_not(built, statement.format(table)), (statement, table)
        assert may_not(built, "create database elsewhere")
        assert may_not(built, "create table xapi.new (x Int8) engine Memory")
        assert may_not(built, "select * from file('/etc/passwd', LineAsString)")
        assert may_not(built, "create user someone")


def test_dashboards_and_analysts_read_the_marts_and_nothing_else(built: HttpSite) -> None:
    with built.opened_as():
        tables = built.over_http(
            "select concat(database, '.', name) from system.tables where "
            "match(database, '^(oars|xapi|event_sink)') and not match(name, '__dbt_') order by 1"
        ).split()
    marts = {table for table in tables if table.startswith("oars.")}
    of_staff = {"oars_staging.stg_operator__course_staff", "oars_seeds.course_staff_list"}
    of_staff |= {"oars_operator.course_staff"}
    assert len(marts) > 30
    for role, expected in (
        ("dashboards", marts | of_staff),
        ("analyst", marts - {"oars.course_staff"}),
        ("pii_reader", {"oars_pii.dim_learners_pii"}),
    ):
        with built.opened_as(f"oars_{role}"):
            read = {t for t in tables if not may_not(built, f"select * from {t} limit 1")}
            assert read == expected, role
            assert may_not(built, "insert into oars.dim_courses select * from oars.dim_courses")
            assert may_not(built, "create table oars.new (x Int8) engine Memory")
            assert may_not(built, "create temporary table new (x Int8)")
            assert may_not(built, "select * from file('/etc/passwd', LineAsString)")


def test_driver_works_within_the_limits_of_dashboards(built: HttpSite) -> None:
    with built.opened_as("oars_dashboards"):
        client = clickhouse_connect.get_client(
            host="127.0.0.1", port=int(built.env["OARS_CLICKHOUSE_PORT"])
        )
        [[staff]] = client.query(
            "select count() from oars.course_staff", settings={"max_threads": 1}
        ).result_rows
        assert staff == 2
        for setting, value in (("max_execution_time", 600), ("allow_ddl", 1), ("readonly", 0)):
            # The driver asks what may be set, and says so before it sends anything.
            with pytest.raises(ProgrammingError, match=f"Setting {setting} is readonly"):
                client.query("select 1", settings={setting: value})
            assert may_not(built, f"select 1 settings {setting} = {value}"), setting
        client.close()


def test_analyst_of_an_organization_sees_its_rows(built: HttpSite) -> None:
    counts = "select org, count() from {} group by org order by org format CSV"
    marts = ("oars.fct_enrollments", "oars.dim_courses", "oars.agg_organizations")
    with built.opened_as():
        rows = {mart: built.over_http(counts.format(mart)).splitlines() for mart in marts}
    assert all(len(each) == 2 for each in rows.values()), rows
    with built.opened_as("oars_organization_analyst", f"oars_analyst_of_{ACME}"):
        for mart in marts:
            [seen] = built.over_http(counts.format(mart)).splitlines()
            assert seen in rows[mart]
            assert seen.startswith(f'"{ACME}"')
        assert may_not(built, "select * from oars.agg_instance_daily limit 1")
    # Without an organization there is nothing to see.
    with built.opened_as("oars_organization_analyst"):
        assert [built.over_http(counts.format(mart)) for mart in marts] == ["", "", ""]


def test_only_who_may_manage_access_applies_grants(built: HttpSite) -> None:
    with built.opened_as("oars_dbt"):
        refused = built.oars("grants", "--apply")
    assert refused.code == 1
    assert refused.err == (
        "Error: The target's user may not manage access: name one who may in "
        "OARS_CLICKHOUSE_USER and OARS_CLICKHOUSE_PASSWORD for this command.\n"
    )


def test_dbt_and_oars_do_all_that_they_do_with_their_roles_alone(built: HttpSite) -> None:
    """The last test: it changes the site."""
    months = "select distinct toYYYYMM(emission_time) as month from {} order by month"
    base = "oars_staging.base_xapi__statements"
    with built.opened_as():
        month, _, last = built.over_http(months.format("xapi.xapi_events_all")).split()[-3:]
        typed = (
            f"select count() from {base} where toYYYYMM(emission_time) = {month} "
            "and event_family = 'forum' and object_name != '***'"
        )
        assert built.over_http(typed) != "0"
        # News, statements that are erased, and a month that leaves raw whole.
        news = ("simulate", "--statements", "200", "--courses", "1", "--seed", "2", "--load")
        assert built.oars(*news).code == 0
        built.over_http(
            "alter table xapi.xapi_events_all delete where cityHash64(event_id) % 50 = 0 "
            f"and toYYYYMM(emission_time) = {last} settings mutations_sync = 2"
        )
        built.over_http(f"alter table xapi.xapi_events_all drop partition {month}")
        change(built, "free_text_months: 13", "free_text_months: 1")
    with built.opened_as("oars_dbt"):
        for command in ("status", "report"):
            done = built.oars(command)
            assert done.code == 0, done.err
        actor = built.over_http("select actor_id from oars.dim_learners order by actor_id limit 1")
        refused = built.oars("forget", "--actor", actor, "--yes")
        assert refused.code == 1
        assert "ALTER DELETE" in refused.err
    with built.opened_as("oars_dbt", "oars_eraser"):
        done = built.oars("forget", "--actor", actor, "--yes")
        assert done.code == 0, done.out + done.err
    with built.opened_as():
        # What was typed in the month is emptied where it stands, for raw has it no more.
        assert built.over_http(typed) == "0"
        assert month in built.over_http(months.format(base)).split()
        assert built.over_http("select count() from oars_pii.dim_learners_pii") != "0"
        change(built, "pii_enabled: true", "pii_enabled: false")
        change(built, "keep_months: true", "keep_months: false")
        assert built.oars("grants", "--apply").code == 0
    with built.opened_as("oars_dbt"):
        assert may_not(built, "select * from oars_pii.dim_learners_pii limit 1")
        dbt(built, "run")
        dbt(built, "run", "--full-refresh", "--select", "fct_enrollments")
        dbt(built, "test", "--select", "dim_courses", "course_staff")
        dbt(built, "source", "freshness")
        assert built.oars("unlock", "--yes").code == 0
        # A new text of base brings columns.
        built.over_http(f"alter table {base} add column new_text String")
    with built.opened_as():
        assert month not in built.over_http(months.format(base)).split()
        left = "select count() from system.tables where database = 'oars_pii'"
        assert built.over_http(left) == "0"
