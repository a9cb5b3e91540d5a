"""What matters in the files of deploy/ and of continuous integration.

Tools that know more are asked where they are on PATH: hadolint, docker compose, systemd-analyze,
kubeconform, kubernetes-validate, airflow. What the plugin of Tutor renders is in test_tutor.py.
"""

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from access_rules import CONFIG
from licences import normal
from oars.cli import app
from oars.grants import ROLES_WITH_USERS, SYSTEM_OF_DRIVER, variable_of
from oars.raw_tables import EVENT_SINK, STATEMENTS, create_statement, raw_names
from oars.run import BUSY
from oars_site import PROJECT

DEPLOY = PROJECT / "deploy"
DOCKERFILE = (DEPLOY / "docker" / "Dockerfile").read_text()
IGNORED = (PROJECT / ".dockerignore").read_text()
MAKEFILE = (PROJECT / "Makefile").read_text()
PAGE = (PROJECT / "docs" / "deploy.md").read_text()
OPERATIONS = (PROJECT / "docs" / "operations.md").read_text()
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
UNITS = ["oars.service", "oars-watch.service"]
WORKLOADS = ["cronjob.yaml", "deployment.yaml"]
CI = ".github/workflows/ci.yml"
WORKFLOWS = [CI, "examples/workflows/extension.yml"]
USER_ID = 10001
SECRET = re.compile(r"password|secret|token|credential|private|api_?key", re.IGNORECASE)


def asked(*command: str | Path) -> str:
    """What a tool that is on PATH says of good files; skip the test where it is not there."""
    if not shutil.which(str(command[0])):
        pytest.skip(f"{command[0]} is not on PATH")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


# Docker


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """(instruction, its text on one line), without comments."""
    lines = [line for line in dockerfile.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    parted = (line.partition(" ") for line in joined.splitlines() if line.strip())
    return [(name.upper(), text.strip()) for name, _, text in parted]


def is_let_in(path: str, ignored: str = IGNORED) -> bool:
    """Whether .dockerignore, which is a list of what is let in, lets a file into the build."""
    rules = [line for line in ignored.splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    names = [rule[1:] for rule in rules if rule.startswith("!")]
    return any(path == name or path.startswith(f"{name}/") for name in names)


WATCHES = {"HEALTHCHECK": "NONE", "ENTRYPOINT": '["oars"]', "CMD": '["watch"]'}


def faults(dockerfile: str, ignored: str = IGNORED, wanted: dict[str, str] = WATCHES) -> list[str]:
    """What is wrong with it."""
    found = []
    done = instructions(dockerfile)
    last_stage = done[max(n for n, (name, _) in enumerate(done) if name == "FROM") :]
    for name, text in done:
        if name == "FROM" and not re.fullmatch(
            r"[a-z]+:(?!latest)[\w.-]+\$\{PYTHON_DIGEST:\+@\$PYTHON_DIGEST\}( AS \w+)?", text
        ):
            found.append(f"no tag, or no digest can be given: {text}")
        if name == "ADD" or (name in ("COPY", "RUN") and re.search(r"https?:|curl|wget", text)):
            found.append(f"from the net: {text}")
        if name in ("ENV", "ARG") and SECRET.search(text):
            found.append(f"secret: {text}")
        if name == "COPY" and "--from" not in text:
            sources = text.split()[:-1]
            found += [f"not there: {path}" for path in sources if not (PROJECT / path).exists()]
            found += [f"not let in: {path}" for path in sources if not is_let_in(path, ignored)]
        for install in re.findall(r"pip install [^&|;]*", text) if name == "RUN" else []:
            if "--require-hashes" not in install and not re.search(r"--no-deps .* \.\s*$", install):
                found.append(f"without hashes: {install}")
    users = [text for name, text in last_stage if name == "USER"]
    if not users or users[-1] != f"{USER_ID}:{USER_ID}":
        found.append("not the user of a number")
    ends = {name: text for name, text in last_stage if name in ("ENTRYPOINT", "CMD", "HEALTHCHECK")}
    if ends != wanted:
        found.append("does not watch")
    return found


def test_dockerfile_keeps_the_rules() -> None:
    assert faults(DOCKERFILE) == []


@pytest.mark.parametrize(
    ("was", "becomes", "fault"),
    [
        ("python:3.12-slim$", "python:latest$", "no tag, or no digest can be given"),
        ("python:3.12-slim${PYTHON_DIGEST:+@$PYTHON_DIGEST}\n", "python\n", "no tag, or no"),
        ("COPY models models", "ADD models models", "from the net"),
        ("COPY models models", "RUN curl -O x", "from the net"),
        ("COPY models models", "COPY modelz modelz", "not there"),
        ("COPY models models", "COPY superset superset", "not let in"),
        ("--require-hashes ", "", "without hashes"),
        ("USER 10001:10001", "USER root", "not the user"),
        ("USER 10001:10001\n", "", "not the user"),
        ('HOME="/var/lib/oars" \\', 'OARS_CLICKHOUSE_PASSWORD="x" \\', "secret"),
        ('ENTRYPOINT ["oars"]', "ENTRYPOINT oars", "does not watch"),
    ],
)
def test_faults_of_a_dockerfile_are_seen(was: str, becomes: str, fault: str) -> None:
    planted = DOCKERFILE.replace(was, becomes)

    assert planted != DOCKERFILE
    assert any(each.startswith(fault) for each in faults(planted)), faults(planted)


@pytest.mark.parametrize(
    "path", ["profiles.yml", ".oars/chdb", ".git/config", ".venv/bin/oars", "deploy/systemd/x.env"]
)
def test_nothing_of_a_site_gets_into_the_image(path: str) -> None:
    assert not is_let_in(path)


def test_hadolint() -> None:
    asked("hadolint", DEPLOY / "docker" / "Dockerfile", DEPLOY / "compose" / "superset.Dockerfile")


def test_image_has_all_folders_of_the_project_that_dbt_reads() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    copied = {
        part for name, text in instructions(DOCKERFILE) if name == "COPY" for part in text.split()
    }
    folders = [*project["model-paths"], *project["macro-paths"], *project["seed-paths"]]
    tests = {
        f"tests/{path.name}" for path in (PROJECT / "tests").iterdir() if any(path.rglob("*.sql"))
    }

    assert {*folders, *tests} <= copied


def test_image_starts_with_what_dbt_has_read() -> None:
    done = instructions(DOCKERFILE)
    [parse] = [text for name, text in done if name == "RUN" and "dbt parse" in text]
    [settings] = [text for name, text in done if name == "ENV"]
    env = dict(re.findall(r'(\w+)="(.*?)"', settings))

    assert "--target server" in parse
    assert env["DBT_TARGET"] == "server"
    assert parse.split("install -D -m 644 ")[1].split()[1] == env["DBT_PARTIAL_PARSE_FILE_PATH"]
    # What the profile takes when nothing is said, so that the connection is the same then.
    profile = yaml.safe_load((PROJECT / "profiles.yml.example").read_text())
    said = dict(re.findall(r"env_var\('(\w+)', '(.*?)'\)", str(profile)))
    arguments = dict(re.findall(r'(OARS_\w+)="(.*?)"', str([t for n, t in done if n == "ARG"])))
    same = ("OARS_CLICKHOUSE_HOST", "OARS_CLICKHOUSE_PORT")
    assert {name: arguments[name] for name in same} == {name: said[name] for name in same}


@pytest.fixture(scope="module")
def runtime() -> ModuleType:
    spec = importlib.util.spec_from_file_location("runtime", DEPLOY / "docker" / "runtime.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_time_needs() -> set[str]:
    """What the installed packages themselves say that the command needs on this machine."""
    waiting = [Requirement("oars-dbt")]
    seen: set[tuple[str, str]] = set()
    while waiting:
        package = waiting.pop()
        for extra in ("", *package.extras):
            if (normal(package.name), extra) in seen:
                continue
            seen.add((normal(package.name), extra))
            asked_for = map(Requirement, distribution(package.name).requires or [])
            waiting += [
                each
                for each in asked_for
                if each.marker is None or each.marker.evaluate({"extra": extra})
            ]
    return {name for name, _ in seen} - {"oars-dbt"}


def test_image_gets_what_runs_need_and_nothing_of_developers(runtime: ModuleType) -> None:
    lock = (PROJECT / "constraints.txt").read_text()
    names = [Requirement(each).name for each in PYPROJECT["project"]["dependencies"]]

    part = runtime.needed(lock, names)

    assert set(part.splitlines()) <= set(lock.splitlines())
    lines = re.findall(r"^([\w.-]+)==(\S+)(?: ; (.*?))? \\\n    --hash=", part, re.MULTILINE)
    assert len(lines) == len(re.findall(r"^\S", part, re.MULTILINE))
    here = {
        name
        for name, version, marker in lines
        if not marker or Requirement(f"{name}=={version} ; {marker}").marker.evaluate()  # type: ignore[union-attr]
    }
    assert here == run_time_needs()
    assert not {"pytest", "ruff", "uv", "mypy", "sqlfluff", "pip"} & here


def test_script_prints_what_is_named_or_else_what_the_command_needs(runtime: ModuleType) -> None:
    lock = (PROJECT / "constraints.txt").read_text()
    script = [sys.executable, str(DEPLOY / "docker" / "runtime.py")]

    printed = [
        subprocess.run([*script, *names], cwd=PROJECT, capture_output=True, text=True, check=True)
        for names in ([], ["pip", "setuptools"])
    ]

    names = [Requirement(each).name for each in PYPROJECT["project"]["dependencies"]]
    assert printed[0].stdout == runtime.needed(lock, names)
    assert re.findall(r"^([a-z]+)==", printed[1].stdout, re.MULTILINE) == ["pip", "setuptools"]


def test_a_package_that_the_lock_lacks_is_an_error(runtime: ModuleType) -> None:
    lock = "a==1 \\\n    --hash=sha256:00\n    # via b\nb==2 \\\n    --hash=sha256:00\n"

    assert runtime.needed(lock, ["B"]) == lock
    assert runtime.needed(lock, ["a"]) == lock[: lock.index("b==2")]
    with pytest.raises(ValueError, match="lacks c: run `make lock`"):
        runtime.needed(lock, ["a", "c"])


# Docker Compose

COMPOSE_TEXT = (DEPLOY / "compose.yml").read_text()
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
SERVICES = COMPOSE["services"]
EXAMPLE = (DEPLOY / ".env.example").read_text()
USERS = (DEPLOY / "compose" / "users.xml").read_text()
OURS = ("init", "oars")
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")


def docker_compose() -> list[str]:
    """The command, where it is at hand; else the test is skipped."""
    command = ["docker", "compose"]
    if not shutil.which("docker") or subprocess.run([*command, "version"], check=False).returncode:
        pytest.skip("docker compose is not at hand")
    return command


def environment(service: str) -> dict[str, str]:
    found: dict[str, str] = SERVICES[service].get("environment", {})
    return found


def test_docker_compose_takes_the_file_and_says_what_is_missing(tmp_path: Path) -> None:
    command = [*docker_compose(), "--file", str(DEPLOY / "compose.yml"), "--env-file"]
    full = tmp_path / "full"
    full.write_text(re.sub(r"^(\w+)=$", r"\1=secret", EXAMPLE, flags=re.MULTILINE))

    for file, code in ((full, 0), (DEPLOY / ".env.example", 1)):
        done = subprocess.run(
            [*command, str(file), "config", "--quiet"], capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
    assert "deploy/.env.example" in done.stderr


def test_what_is_secret_is_asked_for_and_has_no_default() -> None:
    used = {name: (kind, said) for name, kind, said in VARIABLE.findall(COMPOSE_TEXT)}
    asked_for = {name for name, (kind, _) in used.items() if kind == "?"}

    assert set(re.findall(r"^(\w+)=", EXAMPLE, re.MULTILINE)) == asked_for
    assert set(re.findall(r"^# (\w+)=", EXAMPLE, re.MULTILINE)) == set(used) - asked_for
    assert re.findall(r"^(?:# )?\w+=(.+)$", EXAMPLE, re.MULTILINE) == []
    assert {said for kind, said in used.values() if kind == "?"} == {
        "make deploy/.env of deploy/.env.example, see docs/deploy.md"
    }
    secrets = {name: value for each in SERVICES for name, value in environment(each).items()}
    assert [
        name
        for name, value in secrets.items()
        if (SECRET.search(name) or "@" in value) and not VARIABLE.search(value)
    ] == []
    ignored = (PROJECT / ".gitignore").read_text().splitlines()
    assert "deploy/.env" in ignored


def test_services_wait_for_what_there_is() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], (name, other)
            else:
                assert how["condition"] == "service_completed_successfully"
                assert SERVICES[other]["restart"] == "no", (name, other)
        assert service["restart"] in ("no", "unless-stopped")
    assert {name for name in SERVICES if "healthcheck" in SERVICES[name]} == {
        *("clickhouse", "ralph", "superset")
    }
    assert SERVICES["oars"]["stop_grace_period"] == "15m"


def test_images_have_a_tag_and_volumes_are_there() -> None:
    version = PYPROJECT["project"]["version"]
    images = {name: service["image"] for name, service in SERVICES.items()}
    mounts = [each.split(":") for each in chain(*(s.get("volumes", []) for s in SERVICES.values()))]

    assert {name for name, image in images.items() if image == f"oars:{version}"} == set(OURS)
    assert images["superset"] == images["superset-init"] == f"oars-superset:{version}"
    assert all(re.fullmatch(r"[\w/-]+:\d[\w.-]*", image) for image in images.values())
    tested = re.search(r"^ENGINES \?= (.*)$", MAKEFILE, re.MULTILINE)
    assert tested
    assert images["clickhouse"].split(":")[1] in tested[1].split()[1:]  # The first is too old.
    assert f"| {images['clickhouse'].split(':')[1]} |" in OPERATIONS
    assert {what for what, *_ in mounts if not what.startswith(".")} == set(COMPOSE["volumes"])
    assert all((DEPLOY / what).is_file() for what, *_ in mounts if what.startswith("."))
    for service in SERVICES.values():
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        for port in service.get("ports", []):
            assert port.startswith("${OARS_LISTEN:-127.0.0.1}:")


def test_variables_of_services_are_read_by_what_runs_in_them() -> None:
    passwords = {variable_of(role) for role in ROLES_WITH_USERS}
    for name in OURS:
        known = set(re.findall(r"\bOARS_[A-Z_]+", OPERATIONS)) | passwords
        assert set(environment(name)) <= known, name
    read = "".join(
        (PROJECT / path).read_text()
        for path in ("superset/apply.py", "deploy/compose/superset_config.py")
    )
    known = set(re.findall(r"environ(?:\.get\(|\[)['\"](\w+)", read))
    # Flask's name for the option of `superset fab create-admin`.
    known.add("FLASK_FAB_CREATE_ADMIN_PASSWORD")
    for name in ("superset-init", "superset"):
        assert set(environment(name)) <= known, name
    of_users = set(re.findall(r'from_env="(\w+)"', USERS))
    rest = set(environment("clickhouse")) - of_users
    assert of_users < set(environment("clickhouse"))
    assert all(name.startswith("CLICKHOUSE_") for name in rest)
    started = set(re.findall(r'"(RALPH_\w+)"', (DEPLOY / "compose" / "ralph.py").read_text()))
    rest = set(environment("ralph")) - started
    assert started < set(environment("ralph"))
    of_backend = r"RALPH_RUNSERVER_BACKEND|RALPH_BACKENDS__LRS__CLICKHOUSE__[A-Z_]+"
    assert all(re.fullmatch(of_backend, name) for name in rest)


def test_services_mean_the_same_tables_and_users() -> None:
    names = raw_names()
    ralph = {key.rpartition("__")[2]: value for key, value in environment("ralph").items()}

    assert (ralph["DATABASE"], ralph["EVENT_TABLE_NAME"]) == (names.xapi_database, names.xapi_table)
    assert f"<{ralph['USERNAME']}>" in USERS
    uri = environment("superset-init")["OARS_DATABASE_URI"]
    assert uri.startswith("clickhousedb://oars_dashboards_user:${OARS_DASHBOARDS_PASSWORD:?")
    assert uri.endswith("@clickhouse:8123/oars")
    assert environment("oars")["OARS_CLICKHOUSE_USER"] == "oars_dbt_user"
    assert (
        environment("init")["OARS_CLICKHOUSE_USER"] == environment("clickhouse")["CLICKHOUSE_USER"]
    )
    # What dbt read while the image was made is for the connection of the watch.
    told = SERVICES["oars"]["build"]["args"]
    assert {name: environment("oars").get(name) for name in told} == told
    assert "OARS_CLICKHOUSE_PORT" not in environment("oars")


AS_USER = """
import sys, chdb
engine = chdb.connect(sys.argv[1])
for statement in sys.argv[2:]:
    try:
        engine.query(statement)
        print("done")
    except Exception as error:
        print("refused" if "Not enough privileges" in str(error) else error)
"""
MAY: dict[str, tuple[list[str], list[str]]] = {
    "ralph": (
        [
            "insert into xapi.xapi_events_all values (generateUUIDv4(), now(), '{}')",
            "select event from xapi.xapi_events_all",
        ],
        [
            "alter table xapi.xapi_events_all delete where 1",
            "drop table xapi.xapi_events_all",
            "create table xapi.other (x UInt8) engine = Memory",
            "select * from event_sink.user_profile",
        ],
    ),
    "lms": (
        [
            "insert into event_sink.course_overviews (org) values ('x')",
            "alter table event_sink.user_profile delete where user_id = 7",
        ],
        [
            "drop table event_sink.user_profile",
            "select * from xapi.xapi_events_all",
            "insert into xapi.xapi_events_all values (generateUUIDv4(), now(), '{}')",
        ],
    ),
}


@pytest.mark.parametrize("user", MAY)
def test_those_who_write_to_raw_may_do_that_and_no_more(user: str, tmp_path: Path) -> None:
    names = raw_names()
    tables = [(names.xapi_database, names.xapi_table, STATEMENTS)]
    tables += [(names.event_sink_database, table, body) for table, body in EVENT_SINK.items()]
    made = [f"create database {name}" for name in ("xapi", "event_sink")]
    made += [create_statement(*table) for table in tables]
    # The embedded engine has one user, who gets the rights of this one.
    rights = re.search(rf"<{user}>.*</{user}>", USERS, re.DOTALL)
    assert rights
    is_user = re.sub(r"<password .*/>", "<password/>", rights[0]).replace(user + ">", "default>")
    users, config = tmp_path / "users.xml", tmp_path / "config.xml"
    users.write_text(
        "<clickhouse><profiles><default/></profiles><quotas><default/></quotas>"
        f"<users>{is_user}</users></clickhouse>"
    )
    config.write_text(CONFIG.format(users))
    folder = tmp_path / "chdb"
    answers = [
        subprocess.run(
            [sys.executable, "-c", AS_USER, opened, *statements],
            capture_output=True, text=True, check=True, env=os.environ,
        ).stdout.splitlines()
        for opened, statements in (
            (str(folder), made),
            (f"{folder}?config-file={config}", [*MAY[user][0], *MAY[user][1]]),
        )
    ]  # fmt: skip

    assert answers[0] == ["done"] * len(made)
    assert answers[1] == ["done"] * len(MAY[user][0]) + ["refused"] * len(MAY[user][1])


def test_the_record_store_may_read_what_its_driver_reads() -> None:
    [ralph] = re.findall(r"<ralph>.*</ralph>", USERS, re.DOTALL)

    assert tuple(re.findall(r"SELECT ON system\.(\w+)", ralph)) == SYSTEM_OF_DRIVER


SUPERSET_DOCKERFILE = DEPLOY / "compose" / "superset.Dockerfile"


def test_dockerfile_of_superset_keeps_the_rules() -> None:
    text = SUPERSET_DOCKERFILE.read_text()
    ignored = SUPERSET_DOCKERFILE.with_name("superset.Dockerfile.dockerignore").read_text()
    [serves] = [said for name, said in instructions(text) if name == "CMD"]

    assert faults(text, ignored, {"CMD": serves}) == []
    assert json.loads(serves)[0] == "gunicorn"
    assert SERVICES["superset-init"]["command"] == ["sh", "/opt/oars/superset-init.sh"]


def test_image_of_superset_has_what_it_starts_with(runtime: ModuleType) -> None:
    lock = (PROJECT / "superset" / "constraints.txt").read_text()
    asked_for = (PROJECT / "superset" / "requirements.txt").read_text()
    [named] = re.findall(r"runtime\.py (apache-superset .*?) >", SUPERSET_DOCKERFILE.read_text())

    names = {normal(each) for each in re.findall(r"^([\w-]+)", asked_for, re.MULTILINE)}
    # The embedded engine, tests, and what the installer is made of.
    assert set(named.split()) == names - {"chdb", "selenium", "pytest", "pip", "setuptools"}
    there = re.findall(r"^([\w.-]+)==", runtime.needed(lock, named.split()), re.MULTILINE)
    assert {"gunicorn", "clickhouse-connect", "apache-superset"} <= set(there)
    assert "chdb" not in there


# Tutor

PLUGIN = DEPLOY / "tutor"


def test_plugin_of_tutor_has_the_version_of_the_project_and_says_all_its_settings() -> None:
    metadata = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]
    code = (PLUGIN / "tutoroars" / "plugin.py").read_text()
    settings = set(re.findall(r'^ {8,12}\(?"(OARS_[A-Z_]+)",', code, re.MULTILINE)) | set(
        re.findall(r'\("(OARS_[A-Z_]+)",', code)
    )
    listed = set(re.findall(r"`(OARS_[A-Z_]+)`", (PLUGIN / "README.md").read_text()))

    assert metadata["version"] == PYPROJECT["project"]["version"]
    assert metadata["license"] == PYPROJECT["project"]["license"]
    assert settings - {"OARS_VERSION"} == listed


# systemd


def unit(name: str) -> dict[str, list[str]]:
    """Setting -> its values, in the order of the file."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "systemd" / name).read_text().splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ReadWritePaths": "/var/lib/oars",
    "UMask": "0077",
    "CapabilityBoundingSet": "",
    "User": "oars",
    "EnvironmentFile": "/etc/oars/oars.env",
    "KillSignal": "SIGTERM",
}


@pytest.mark.parametrize("name", UNITS)
def test_service_has_no_rights_that_it_does_not_need(name: str) -> None:
    settings = unit(name)

    assert {key: settings.get(key) for key in HARDENED} == {k: [v] for k, v in HARDENED.items()}
    assert not [each for each in settings["Environment"] if SECRET.search(each)]
    folders = re.findall(r"DBT_(?:TARGET|LOG)_PATH=(\S+)", " ".join(settings["Environment"]))
    assert len(folders) == 2
    assert all(each.startswith("/var/lib/oars/") for each in folders)


def test_a_run_that_is_busy_is_no_failure_and_none_is_cut() -> None:
    settings = unit("oars.service")

    assert settings["Type"] == ["oneshot"]
    assert settings["SuccessExitStatus"] == [str(BUSY)]
    assert settings["TimeoutStartSec"] == ["infinity"]
    assert settings["ExecStart"] == ["/opt/oars/.venv/bin/oars run"]
    assert "Restart" not in settings


def test_the_watch_starts_again_and_lets_a_run_end() -> None:
    settings = unit("oars-watch.service")

    assert settings["Type"] == ["exec"]
    assert settings["Restart"] == ["on-failure"]
    assert settings["TimeoutStopSec"] == ["15min"]
    assert settings["Conflicts"] == ["oars.timer"]
    assert settings["ExecStart"] == ["/opt/oars/.venv/bin/oars watch --every 10s"]


def test_the_timer_makes_up_for_what_it_missed() -> None:
    assert unit("oars.timer")["OnCalendar"] == ["*:0/10"]
    assert unit("oars.timer")["Persistent"] == ["true"]


def test_example_of_the_environment_has_no_password_and_known_names() -> None:
    settings = unit("oars.env.example")

    assert settings["OARS_CLICKHOUSE_PASSWORD"] == [""]
    assert {name for name in settings if name not in OPERATIONS} == set()


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """A copy whose command is on each machine: systemd-analyze looks for it."""
    for path in (DEPLOY / "systemd").rglob("*.*"):
        if path.is_file():
            copy = tmp_path / path.relative_to(DEPLOY / "systemd")
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(path.read_text().replace("/opt/oars/.venv/bin/oars", "/bin/true"))
    return tmp_path


def test_systemd_knows_all_settings(units: Path) -> None:
    said = asked("systemd-analyze", "verify", *(units / name for name in [*UNITS, "oars.timer"]))

    # What it does not know it only mentions.
    assert [line for line in said.splitlines() if "oars" in line] == []


def test_systemd_finds_services_well_confined(units: Path) -> None:
    options = ("security", "--offline=true", "--no-pager", "--threshold=20")

    asked("systemd-analyze", *options, *(units / name for name in UNITS))


# Kubernetes


def workload(name: str) -> Any:
    return yaml.safe_load((DEPLOY / "kubernetes" / name).read_text())


def pod(name: str) -> Any:
    spec = workload(name)["spec"]
    return spec.get("jobTemplate", {"spec": spec})["spec"]["template"]["spec"]


@pytest.mark.parametrize("name", WORKLOADS)
def test_pod_has_no_rights_and_writes_to_its_own_volumes_only(name: str) -> None:
    spec = pod(name)
    [container] = spec["containers"]

    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": USER_ID,
        "runAsGroup": USER_ID,
        "fsGroup": USER_ID,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert set(mounts.values()) == {"/tmp", "/var/lib/oars"}
    assert {each["name"] for each in spec["volumes"] if "emptyDir" in each} == set(mounts)
    assert {"requests", "limits"} == set(container["resources"])


@pytest.mark.parametrize("name", WORKLOADS)
def test_pod_has_its_secret_by_reference_and_the_image_of_this_version(name: str) -> None:
    [container] = pod(name)["containers"]

    assert container["image"] == f"oars:{PYPROJECT['project']['version']}"
    references = {each["name"]: each.get("valueFrom", {}) for each in container["env"]}
    assert set(references) == {"OARS_CLICKHOUSE_PASSWORD"}
    assert all("secretKeyRef" in each for each in references.values())


def test_runs_of_the_cronjob_do_not_meet_and_a_busy_one_is_no_failure() -> None:
    spec = workload("cronjob.yaml")["spec"]
    job = spec["jobTemplate"]["spec"]

    assert spec["concurrencyPolicy"] == "Forbid"
    assert 0 < spec["startingDeadlineSeconds"] <= 600
    assert job["backoffLimit"] == 0
    # What it is ignored by ends all the same.
    assert job["activeDeadlineSeconds"] > 0
    codes = [rule for rule in job["podFailurePolicy"]["rules"] if "onExitCodes" in rule]
    [container] = pod("cronjob.yaml")["containers"]
    assert codes == [
        {
            "action": "Ignore",
            "onExitCodes": {"containerName": container["name"], "operator": "In", "values": [BUSY]},
        }
    ]
    assert pod("cronjob.yaml")["restartPolicy"] == "Never"
    assert container["args"] == ["run"]


def test_there_is_one_watch_and_a_run_at_work_may_end() -> None:
    spec = workload("deployment.yaml")["spec"]
    [container] = pod("deployment.yaml")["containers"]

    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    assert container["args"][0] == "watch"
    assert "command" not in container
    assert pod("deployment.yaml")["terminationGracePeriodSeconds"] >= 600


@pytest.mark.parametrize("tool", [("kubeconform", "-strict"), ("kubernetes-validate", "--strict")])
def test_kubernetes_knows_all_fields(tool: tuple[str, str]) -> None:
    asked(*tool, *(DEPLOY / "kubernetes" / name for name in WORKLOADS))


# Airflow

DAG = DEPLOY / "airflow" / "oars_dag.py"
IMPORT = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("oars_dag", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
tasks = [[task.task_id, list(task.skip_on_exit_code)] for task in module.dag.tasks]
print(json.dumps([module.dag.dag_id, module.dag.catchup, module.dag.max_active_runs, tasks]))
"""


def keywords(name: str) -> dict[str, Any]:
    """What a class of the DAG file is called with, of what is written out."""
    calls = [
        node
        for node in ast.walk(ast.parse(DAG.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]
    [call] = calls
    return {
        each.arg: each.value.value
        for each in call.keywords
        if each.arg and isinstance(each.value, ast.Constant)
    }


def test_dag_has_one_task_a_run() -> None:
    assert keywords("DAG") | {"catchup": False, "max_active_runs": 1} == keywords("DAG")
    task = keywords("BashOperator")
    assert task["skip_on_exit_code"] == BUSY
    assert task["retries"] == 0
    # Without it the password of the worker's environment would not be there.
    assert task["append_env"] is True
    assert task["bash_command"] == "exec .venv/bin/oars run"


def test_airflow_imports_the_dag(tmp_path: Path) -> None:
    airflow = shutil.which("airflow")
    if not airflow:
        pytest.skip("airflow is not on PATH")
    done = subprocess.run(
        [Path(airflow).with_name("python"), "-B", "-c", IMPORT, DAG],
        env={"AIRFLOW_HOME": str(tmp_path), "PATH": str(Path(airflow).parent)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == ["oars", False, 1, [["run", [BUSY]]]]


# Continuous integration


def workflow(path: str) -> Any:
    return yaml.safe_load((PROJECT / path).read_text())


def steps(path: str) -> Iterator[dict[str, Any]]:
    for job in workflow(path)["jobs"].values():
        yield from job["steps"]


def made(text: str) -> set[str]:
    """The targets of make that a script names."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found = re.findall(r"\bmake ((?:-C \S+ )?[a-z][a-z -]*)", "\n".join(lines))
    return {target for each in found for target in re.sub(r"-C \S+ ", "", each).split()}


TARGETS = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("path", WORKFLOWS)
def test_workflow_may_only_read_and_its_actions_have_a_version(path: str) -> None:
    text = workflow(path)

    assert text["permissions"] == {"contents": "read"}
    assert not [name for name, job in text["jobs"].items() if "permissions" in job]
    assert [job for job in text["jobs"].values() if "timeout-minutes" not in job] == []
    used = [step for step in steps(path) if "uses" in step]
    assert [
        each["uses"]
        for each in used
        if not re.fullmatch(r"actions/[a-z-]+@v\d+\.\d+\.\d+", each["uses"])
    ] == []
    kept = [each for each in used if each["uses"].startswith("actions/checkout@")]
    assert all(each["with"]["persist-credentials"] is False for each in kept)


@pytest.mark.parametrize("path", WORKFLOWS)
def test_workflow_names_targets_and_files_that_are_there(path: str) -> None:
    named = set().union(*(made(step.get("run", "")) for step in steps(path)))

    assert named
    assert named <= TARGETS
    for step in steps(path):
        for file in step.get("with", {}).get("cache-dependency-path", "").split():
            if "{{" not in file and "}}" not in file and "matrix" not in file:
                assert (PROJECT / file.removeprefix(".oars-dbt/")).is_file(), file


def test_projects_that_extend_this_one_are_told_its_newest_release() -> None:
    [ref] = [step["with"]["ref"] for step in steps(WORKFLOWS[1]) if "ref" in step.get("with", {})]
    pages = [PROJECT / "docs" / "extending.md", PROJECT / "examples" / "extension" / "README.md"]
    told = [re.findall(r"revision: (\S+)", page.read_text()) for page in pages]

    assert [[ref], *told] == [[f"v{PYPROJECT['project']['version']}"]] * 3


def test_workflow_runs_what_ci_runs() -> None:
    script = made((PROJECT / ".ci" / "run").read_text())
    runs = set().union(*(made(step.get("run", "")) for step in steps(CI)))

    assert {"test", "test-engines", "test-dashboards"} <= script
    # Two minutes beside the others there: they have no time for it here.
    assert runs == script | {"test-tutor"}


def test_workflow_has_each_python_and_each_engine_that_is_supported() -> None:
    jobs = workflow(CI)["jobs"]
    supported = SpecifierSet(PYPROJECT["project"]["requires-python"])
    pythons = [f"3.{minor}" for minor in range(30) if f"3.{minor}" in supported]
    engines = re.search(r"^ENGINES \?= (.*)$", MAKEFILE, re.MULTILINE)

    assert jobs["test"]["strategy"]["matrix"]["python"] == pythons
    assert engines
    assert jobs["test-engines"]["strategy"]["matrix"]["engine"] == engines[1].split()
    # `make setup-superset` refuses 3.13.
    assert "sys.version_info >= (3, 13)" in MAKEFILE
    with_superset = [each for each in pythons if each < "3.13"]
    assert jobs["test-dashboards"]["strategy"]["matrix"]["python"] == with_superset
    others = [
        step["with"]["python-version"]
        for path in WORKFLOWS
        for step in steps(path)
        if "setup-python" in step.get("uses", "")
    ]
    assert {each for each in others if "matrix" not in each} <= set(pythons)


def test_hooks_are_the_gates_of_make_check() -> None:
    recipe = MAKEFILE.split("\ncheck: ")[1].split("\n\n")[0]
    gates = [line.strip("\t@") for line in recipe.splitlines()[1:]]
    hooks = [
        hook
        for repository in yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]
        for hook in repository["hooks"]
    ]

    assert {hook["language"] for hook in hooks} == {"system"}
    assert not [hook["id"] for hook in hooks if hook["pass_filenames"]]
    entries = [re.sub(r"^env \S+ |\.venv/bin/", "", hook["entry"]) for hook in hooks]
    assert [re.sub(r"^\.venv/bin/", "", each) for each in entries] == [
        gate for gate in gates if not gate.startswith("echo")
    ]


# The page


def test_page_names_each_file_and_no_other() -> None:
    there = {
        str(path.relative_to(PROJECT))
        for folder in ("docker", "compose", "systemd", "kubernetes", "airflow")
        for path in (DEPLOY / folder).rglob("*.*")
        if path.is_file() and "__pycache__" not in path.parts
    } | {"deploy/docker/Dockerfile", "deploy/compose.yml", "deploy/.env.example", "deploy/tutor"}
    # Beside its Dockerfile, by whose name Docker finds it.
    there.remove("deploy/compose/superset.Dockerfile.dockerignore")
    named = set(re.findall(r"\bdeploy/[\w./-]*\w", PAGE)) - {"deploy/.env"}

    assert {each for each in there if each not in PAGE} == set()
    assert {each for each in named if not (PROJECT / each).exists()} == set()


def test_page_has_commands_and_variables_that_there_are() -> None:
    blocks = "\n".join(line for line in PAGE.splitlines() if line.startswith("    "))
    commands = {
        each.name or each.callback.__name__.replace("_", "-")
        for each in app.registered_commands
        if each.callback
    }
    used = set(
        re.findall(
            r"(?:bin/oars|oars\.env oars:[\d.]+|^ +oars|--rm(?: init)? oars|do oars(?: --admin)?) "
            r"([a-z]+)",
            blocks,
            re.MULTILINE,
        )
    )

    assert used
    assert used <= commands
    explained = OPERATIONS + EXAMPLE + (PLUGIN / "README.md").read_text()
    assert set(re.findall(r"\bOARS_[A-Z_]+", PAGE)) - {"OARS_HOME"} <= set(
        re.findall(r"\bOARS_[A-Z_]+", explained)
    )
    assert made(blocks) <= TARGETS
    assert f"oars:{PYPROJECT['project']['version']}" in blocks
