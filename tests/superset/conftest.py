"""A Superset of its own on a small site, started once for all tests.

Run with the Python of Superset's environment, see `make test-dashboards`.
"""

import json
import os
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

PROJECT = Path(__file__).parents[2]
sys.path.append(str(PROJECT / "superset"))

OWN, OTHER, THIRD = "course-v1:Own+A+1", "course-v1:Other+B+1", "course-v1:Third+C+1"
SEALED = "sealed"  # stands in every text of a row that course staff must not see
ODD_NAME = "o'brien\\' or 1=1 -- \"x\""
SECONDS_TO_START = 180

# Table -> columns; the rows follow from the course.
TABLES = {
    "oars.fct_enrollments": "course_key String, actor_id String, enrollment_mode String, "
    "first_enrolled_at Nullable(DateTime64(6, 'UTC')), enrollment_count UInt64",
    "oars.agg_problem_difficulty": "course_key String, block_id String, attempt_count UInt64",
    "oars.agg_instance_daily": "date Date, event_count UInt64, note String",
    "oars.course_staff": "username String, course_key String",
    "oars_pii.dim_learners_pii": "actor_id String, email String",
    "oars_staging.base": "course_key String, response String",
}
# Virtual datasets: name -> SQL, columns.
VIRTUAL = {
    "by_course": (
        "select course_key, count() as learner_count from oars.fct_enrollments group by course_key",
        ["course_key", "learner_count"],
    ),
    "both": (
        "with learners as (select course_key, count() as learner_count from oars.fct_enrollments "
        "group by course_key) select p.course_key as course_key, p.block_id, l.learner_count "
        "from oars.agg_problem_difficulty as p join learners as l on l.course_key = p.course_key "
        "union all select course_key, 'none', 0 from fct_enrollments",
        ["course_key", "block_id", "learner_count"],
    ),
    "enrolled": (
        "select m.course_key as course_key, m.actor_id as actor_id from oars.fct_enrollments as m",
        ["course_key", "actor_id"],
    ),
    "joined": (
        "select p.course_key as course_key, e.actor_id from oars.agg_problem_difficulty as p "
        "join oars.fct_enrollments as e on e.course_key = p.course_key",
        ["course_key", "actor_id"],
    ),
    # Not for course staff, who are granted what has a course_key; Superset cannot read its SQL.
    "counted": (
        "select count() as n from oars.fct_enrollments "
        "where 1 = 1 {% if false %} and 1 = 0 {% endif %}",
        ["n"],
    ),
    "instance_within": (
        "select 'x' as label, course_key, (select max(note) from oars.agg_instance_daily) as note "
        "from oars.fct_enrollments",
        ["course_key", "note"],
    ),
}
# A metric that is a template.
MINE = "countIf(actor_id != '{{ current_username() }}')"
METRICS = {"fct_enrollments": [{"metric_name": "mine", "expression": MINE}]}
DATASETS = [name for name in TABLES if not name.startswith("oars_staging")]

MAKE_SITE = """
import sys, clickhouse_connect
client = clickhouse_connect.get_client(interface="chdb", path=sys.argv[1])
for statement in sys.argv[2:]:
    client.command(statement)
client.close()
"""

MAKE_USERS = """
import json, sys
from superset.app import create_app
with create_app().app_context():
    from superset import db, security_manager as manager
    analyst = manager.add_role("Analyst")
    granted = [manager.find_permission_view_menu("datasource_access", perm)
               for perm in sys.argv[2:]]
    staff = manager.find_role("Course staff")
    analyst.permissions = [*(p for p in staff.permissions
                             if p.permission.name != "datasource_access"), *granted,
                           manager.find_permission_view_menu("can_explore_json", "Superset"),
                           manager.find_permission_view_menu("can_query", "Api")]
    manager.add_role("Chart writers").permissions = [
        manager.find_permission_view_menu("can_write", "Chart")]
    for number, (name, roles) in enumerate(json.loads(sys.argv[1]).items()):
        found = [manager.find_role(role) for role in roles]
        user = manager.add_user(name, "a", "b", f"{number}@example.org", found, password="password")
        assert user, name
    db.session.commit()
"""

EXTRA_USERS = {
    ODD_NAME: ["Course staff"],
    "staff_of_none": ["Course staff"],
    "analyst": ["Analyst"],
    "analyst_of_two": ["Analyst"],
    "staff_and_operator": ["Course staff", "Operator"],
    "pii_reader": ["PII", "Course staff"],
    "author": ["Alpha"],
    # Sees what course staff see, and may send SQL of its own.
    "writer_of_one": ["Course staff", "Chart writers"],
}


def make_site(folder: Path) -> None:
    """A chDB folder with rows of three courses; those of two are sealed for staff_of_one."""
    statements = [f"create database {name}" for name in ("oars", "oars_pii", "oars_staging")]
    statements += [
        f"create table {name} ({columns}) engine = MergeTree order by {columns.split()[0]}"
        for name, columns in TABLES.items()
    ]
    for course in (OWN, OTHER, THIRD):
        mark = "own" if course == OWN else SEALED
        statements += [
            f"insert into oars.fct_enrollments select '{course}', '{mark}-actor-' || number, "
            "'audit', toDateTime64('2026-03-01 00:00:00', 6, 'UTC') + number, 1 from numbers(5)",
            f"insert into oars.agg_problem_difficulty select '{course}', '{mark}-block', number "
            "from numbers(3)",
            f"insert into oars_staging.base values ('{course}', '{SEALED}')",
        ]
    statements += [
        f"insert into oars.agg_instance_daily values ('2026-03-01', 7, '{SEALED}')",
        f"insert into oars_pii.dim_learners_pii values ('{SEALED}-actor-0', '{SEALED}-mail')",
    ]
    odd = ODD_NAME.replace("\\", "\\\\").replace("'", "\\'")
    staff = [("staff_of_one", OWN), ("staff_of_two", OTHER), ("staff_of_two", THIRD), (odd, OTHER)]
    staff += [("staff_and_operator", OWN), ("pii_reader", OWN), ("analyst", OWN)]
    staff.append(("writer_of_one", OWN))
    staff += [("analyst_of_two", OTHER), ("analyst_of_two", THIRD)]
    # Rows of several courses in one block: what is computed of it could be of all of them.
    statements.append("optimize table oars.fct_enrollments final")
    values = ", ".join(f"('{name}', '{course}')" for name, course in staff)
    statements.append(f"insert into oars.course_staff values {values}")
    subprocess.run([sys.executable, "-c", MAKE_SITE, folder, *statements], check=True)


def make_assets(folder: Path) -> None:
    """A database and a dataset for each table, in Superset's import format."""
    database_id = str(uuid.uuid5(uuid.NAMESPACE_URL, "database"))
    database = {
        "database_name": "OARS",
        "sqlalchemy_uri": "clickhousedb://localhost/oars",
        "uuid": database_id,
        "version": "1.0.0",
        "extra": {
            "engine_params": {"connect_args": {"interface": "chdb"}},
            "per_user_caching": True,
        },
    }
    files = {"metadata.yaml": {"version": "1.0.0", "type": "assets"}, "databases/o.yaml": database}
    for name in DATASETS:
        schema, table = name.split(".")
        columns = re.findall(r"(\w+) ((?:[^,(]|\([^)]*\)+)+)", TABLES[name])
        files[f"datasets/{table}.yaml"] = {
            "table_name": table,
            "schema": schema,
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
            "version": "1.0.0",
            "database_uuid": database_id,
            "columns": [
                {"column_name": column, "type": kind, "is_dttm": "Date" in kind, "groupby": True}
                for column, kind in columns
            ],
            "metrics": [{"metric_name": "rows", "expression": "count(*)"}, *METRICS.get(table, [])],
        }
    for name, (sql, columns) in VIRTUAL.items():
        files[f"datasets/{name}.yaml"] = {
            "table_name": name,
            "schema": "oars",
            "sql": sql,
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
            "version": "1.0.0",
            "database_uuid": database_id,
            "columns": [{"column_name": column, "type": "String"} for column in columns],
            "metrics": [{"metric_name": "rows", "expression": "count(*)"}],
        }
    for name, document in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(document))


class User(requests.Session):
    """Somebody who is logged in, as a browser would be."""

    def __init__(self, address: str, name: str, password: str) -> None:
        super().__init__()
        self.address = address
        page = self.get("/login/").text
        token = re.search(r'csrf_token[^>]*?value="([^"]+)"', page) or re.search(
            r"csrf_token&#34;: &#34;([^&]+)&#34;", page
        )
        form = {"username": name, "password": password}
        self.post("/login/", data=form | ({"csrf_token": token[1]} if token else {}))
        answer = self.get("/api/v1/security/csrf_token/")
        assert answer.ok, f"{name} cannot log in: {answer.text[:500]}"
        self.headers["X-CSRFToken"] = answer.json()["result"]
        self.headers["Referer"] = address

    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> requests.Response:
        options.setdefault("timeout", 60)
        return super().request(method, self.address + url, *arguments, **options)

    def data(self, dataset: int, **query: Any) -> requests.Response:
        """Ask the chart-data API: result_* and force are the context's, the rest is the query's."""
        outer = {key: query.pop(key) for key in list(query) if key.startswith(("result_", "force"))}
        payload = {
            "datasource": query.pop("datasource", {"id": dataset, "type": "table"}),
            "queries": [{"row_limit": 1000} | query],
            "result_format": "json",
            "result_type": "full",
        } | outer
        # What the page asks for: else some errors come as a page.
        wanted = {"Accept": "application/json"}
        return self.post("/api/v1/chart/data", json=payload, headers=wanted)

    def rows(self, dataset: int, **query: Any) -> list[dict[str, Any]]:
        """The rows that the chart-data API gives."""
        answer = self.data(dataset, **query)
        assert answer.status_code == 200, answer.text[:1000]
        rows: list[dict[str, Any]] = answer.json()["result"][0]["data"]
        return rows


@dataclass
class Superset:
    """A running Superset: its address, its datasets' ids, who has logged in."""

    address: str
    home: Path
    published: Path
    passwords: dict[str, str]
    datasets: dict[str, int]
    database: int
    log: Path
    users: dict[str, User] = field(default_factory=dict)

    def user(self, name: str) -> User:
        """The user, logged in once."""
        if name not in self.users:
            self.users[name] = User(self.address, name, self.passwords.get(name, "password"))
        return self.users[name]


def environment(home: Path, published: Path, config: Path) -> dict[str, str]:
    return os.environ | {
        "OARS_SUPERSET_HOME": str(home),
        "OARS_PUBLISHED_PATH": str(published),
        "SUPERSET_CONFIG_PATH": str(config),
        "FLASK_APP": "superset",
        "PYTHONPATH": str(PROJECT / "superset"),
    }


def run(env: dict[str, str], *command: str | Path) -> str:
    """Run a command to its end; give what it printed."""
    done = subprocess.run(
        [sys.executable, *command], env=env, cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@contextmanager
def serving(env: dict[str, str], log: Path) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1; give the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--workers", "1", "--worker-class", "gthread"]
    command += ["--threads", "8", "--timeout", "120", "--bind", f"127.0.0.1:{port}"]
    with log.open("w") as file:
        server = subprocess.Popen(
            [*command, "superset.app:create_app()"], env=env, cwd=PROJECT, stdout=file, stderr=file
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline and server.poll() is None:
            try:
                if requests.get(f"{address}/health", timeout=5).ok:
                    break
            except requests.RequestException:
                time.sleep(0.5)
        else:
            raise AssertionError(f"Superset does not start: {log.read_text()[-3000:]}")
        yield address
    finally:
        server.terminate()
        server.wait(30)


def ids(home: Path) -> tuple[dict[str, int], int]:
    """Ids of the datasets by name, and that of the database."""
    with sqlite3.connect(home / "superset.db") as database:
        datasets = dict(database.execute("select table_name, id from tables").fetchall())
        return datasets, database.execute("select id from dbs").fetchone()[0]


def modes(folder: Path) -> dict[str, str]:
    """Of the folder itself and of all within, by their names."""
    found = {".": folder, **{str(path.relative_to(folder)): path for path in folder.rglob("*")}}
    return {name: oct(stat.S_IMODE(path.stat().st_mode)) for name, path in found.items()}


def is_tight(folder: Path) -> bool:
    return all(
        mode == ("0o700" if (folder / name).is_dir() else "0o600")
        for name, mode in modes(folder).items()
    )


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a site, assets and a Superset to which apply.py was applied twice."""
    folder = tmp_path_factory.mktemp("superset")
    make_site(folder / "published" / "1")
    (folder / "published" / "current").symlink_to("1")
    make_assets(folder / "assets")
    home = folder / "home"
    env = environment(
        home, folder / "published" / "current", PROJECT / "superset" / "local_config.py"
    )
    superset = Path(sys.executable).parent / "superset"
    apply = (PROJECT / "superset" / "apply.py", "--assets", folder / "assets", "--demo-users")
    # As where nobody cares who may read a file, and the folder is there: see test_modes.py.
    before = os.umask(0)
    try:
        home.mkdir()
        run(env, superset, "db", "upgrade")
        assert is_tight(home), modes(home)
        run(env, superset, "init")
        first, second = run(env, *apply), run(env, *apply)
    finally:
        os.umask(before)
    assert first == second
    datasets, _ = ids(home)
    with sqlite3.connect(home / "superset.db") as database:
        perms = [
            database.execute("select perm from tables where id = ?", [datasets[name]]).fetchone()[0]
            for name in ("fct_enrollments", "counted")
        ]
    run(env, "-c", MAKE_USERS, json.dumps(EXTRA_USERS), *perms)
    return folder


@pytest.fixture(scope="session")
def superset(prepared: Path) -> Iterator[Superset]:
    """Superset as it is shipped."""
    home, published = prepared / "home", prepared / "published" / "current"
    env = environment(home, published, PROJECT / "superset" / "local_config.py")
    with serving(env, prepared / "server.log") as address:
        yield site(address, home, published, prepared / "server.log")


def site(address: str, home: Path, published: Path, log: Path) -> Superset:
    datasets, database = ids(home)
    passwords = json.loads((home / "users.json").read_text())
    return Superset(address, home, published, passwords, datasets, database, log)


@pytest.fixture(scope="session")
def unprotected(prepared: Path) -> Iterator[Superset]:
    """The same Superset without the guard and without the rule: here the attacks have to work."""
    with open_superset(prepared, "unprotected") as opened:
        yield opened


@pytest.fixture(scope="session")
def unguarded(prepared: Path) -> Iterator[Superset]:
    """The same Superset with the rule, but without the guard."""
    with open_superset(prepared, "unguarded") as opened:
        yield opened


@contextmanager
def open_superset(prepared: Path, name: str) -> Iterator[Superset]:
    folder = prepared / name
    shutil.copytree(prepared / "home", folder / "home")
    make_site(folder / "site")
    arguments = {"interface": "chdb", "path": str(folder / "site")}
    with sqlite3.connect(folder / "home" / "superset.db") as database:
        if name == "unprotected":
            database.execute("delete from rls_filter_tables")
        extra = json.dumps({"engine_params": {"connect_args": arguments}})
        database.execute("update dbs set extra = ?", [extra])
    config = folder / "config.py"
    config.write_text(
        "import local_config\nfrom local_config import *\n"
        "local_config.OARS_UNGUARDED_DATABASES = ('OARS',)\n"
    )
    env = environment(folder / "home", folder / "site", config)
    with serving(env, folder / "server.log") as address:
        yield site(address, folder / "home", folder / "site", folder / "server.log")
