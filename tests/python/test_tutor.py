"""The plugin of Tutor, with the real Tutor: what it renders, with Aspects and without; its init.

`make test-tutor` installs Tutor, Aspects and the plugin, and names their folder in OARS_TUTOR.
"""

import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from oars.raw_tables import EVENT_SINK, STATEMENTS, create_statement
from oars_site import PROJECT
from test_deploy import docker_compose
from test_targets import HttpSite

TUTOR = Path(os.environ.get("OARS_TUTOR", "none"))
USER_ID = 10001
NEWS = ("simulate", "--statements", "400", "--learners", "20", "--courses", "2", "--load")
PASSWORDS = ("OARS_DBT_PASSWORD", "OARS_DASHBOARDS_PASSWORD", "OARS_ANALYST_PASSWORD")

# Runs what Tutor says to docker: the command of a job in the environment of its container, as
# rendered, but with the engine of the test. Everything else it is told it only notes.
DOCKER = """#!{python}
import json, os, sys
from pathlib import Path
import yaml
said = sys.argv[1:]
if said[-3:] == ["ls", "--format", "json"]:
    sys.exit(print("[]"))
with Path({noted!r}).open("a") as file:
    file.write(json.dumps(said) + chr(10))
if "run" in said and {is_run}:
    files = [said[n + 1] for n, each in enumerate(said) if each == "-f"]
    name = next(each for each in said if each.endswith("-job"))
    command = said[said.index(name) + 1:]
    [job] = [found for file in files
             if (found := yaml.safe_load(Path(file).read_text())["services"].get(name))]
    env = {{key: str(value).replace("$$", "$") for key, value in job["environment"].items()}}
    env |= {env!r}
    os.execve(job["entrypoint"][0], [*job["entrypoint"], *command], env)
"""

pytestmark = pytest.mark.skipif(not TUTOR.is_dir(), reason="wants Tutor: make test-tutor")


@dataclass
class Root:
    """A root of Tutor, with the plugin, and with Aspects or not."""

    folder: Path
    env: dict[str, str]

    def tutor(self, *arguments: str) -> str:
        done = subprocess.run(
            [TUTOR / "tutor", *arguments], env=self.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def value(self, name: str) -> str:
        """A setting: as it is saved, or as Tutor makes it of others."""
        saved = yaml.safe_load((self.folder / "config.yml").read_text())
        return str(saved.get(name) or self.tutor("config", "printvalue", name).strip())

    def compose(self, *files: str) -> dict[str, Any]:
        """The services of rendered files for Docker."""
        found: dict[str, Any] = {}
        for file in files or ("docker-compose.yml", "docker-compose.jobs.yml"):
            text = (self.folder / "env" / "local" / file).read_text()
            found |= yaml.safe_load(text)["services"]
        return found

    def kubernetes(self) -> dict[tuple[str, str], Any]:
        """(kind, name) -> object."""
        files = [self.folder / "env" / "k8s" / f"{name}.yml" for name in ("deployments", "jobs")]
        objects = [each for file in files for each in yaml.safe_load_all(file.read_text()) if each]
        return {(each["kind"], each["metadata"]["name"]): each for each in objects}

    def docker(self, is_run: bool = False, **env: str) -> Callable[[], list[list[str]]]:
        """Let Tutor find a docker that notes, and runs jobs or not; give what gives the notes."""
        noted, script = self.folder / "noted.json", self.folder / "bin" / "docker"
        noted.write_text("")
        script.parent.mkdir(exist_ok=True)
        script.write_text(
            DOCKER.format(python=sys.executable, noted=str(noted), is_run=is_run, env=env)
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        return lambda: [json.loads(line) for line in noted.read_text().splitlines()]


def rendered(folder: Path, plugins: list[str], **settings: str) -> Root:
    env = {
        "HOME": str(folder),
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "TUTOR_ROOT": str(folder),
        "TUTOR_PLUGINS_ROOT": str(folder / "plugins"),
    }
    root = Root(folder, env)
    (folder / "plugins").mkdir()
    root.tutor("plugins", "enable", *plugins)
    said = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    root.tutor("config", "save", *said)
    return root


ODD = 'odd $PATH "quoted" \\ it\'s'


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """Without Aspects, on a ClickHouse that the site names."""
    settings = {
        "OARS_CLICKHOUSE_HOST": "clickhouse.example.org",
        "OARS_CLICKHOUSE_SECURE": "true",
        "OARS_ADMIN_USER": "manager",
        "OARS_ADMIN_PASSWORD": json.dumps(ODD),
        "OARS_XAPI_TABLE": "statements",
        "OARS_WATCH_EVERY": "1m",
    }
    return rendered(tmp_path_factory.mktemp("alone"), ["oars"], **settings)


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """With Aspects, as it is after its installation."""
    return rendered(tmp_path_factory.mktemp("beside"), ["mfe", "aspects", "oars"])


@pytest.fixture(params=["alone", "beside"])
def root(request: pytest.FixtureRequest) -> Root:
    found: Root = request.getfixturevalue(request.param)
    return found


def environment(root: Root) -> dict[str, str]:
    found: dict[str, str] = root.compose()["oars"]["environment"]
    return found


def test_names_and_credentials_are_those_of_aspects(beside: Root) -> None:
    of_aspects = {
        "OARS_CLICKHOUSE_HOST": "CLICKHOUSE_HOST",
        "OARS_CLICKHOUSE_PORT": "CLICKHOUSE_INTERNAL_HTTP_PORT",
        "OARS_XAPI_DATABASE": "ASPECTS_XAPI_DATABASE",
        "OARS_XAPI_TABLE": "ASPECTS_RAW_XAPI_TABLE",
        "OARS_EVENT_SINK_DATABASE": "ASPECTS_EVENT_SINK_DATABASE",
    }
    ours = environment(beside)
    job = beside.compose()["oars-job"]["environment"]

    expected = {name: beside.value(theirs) for name, theirs in of_aspects.items()}
    assert expected["OARS_XAPI_DATABASE"] == "openedx"  # Since Aspects 5 Vector brings statements.
    assert {name: ours[name] for name in expected} == expected
    assert (ours["DBT_TARGET"], ours["OARS_CLICKHOUSE_SECURE"]) == ("server", "false")
    assert job["ADMIN_USER"] == beside.value("CLICKHOUSE_ADMIN_USER")
    assert job["ADMIN_PASSWORD"] == beside.value("CLICKHOUSE_ADMIN_PASSWORD") != ""
    clickhouse = beside.compose()["clickhouse"]
    assert job["ADMIN_PASSWORD"] == clickhouse["environment"]["CLICKHOUSE_PASSWORD"]
    for name in ("oars", "oars-job"):
        assert beside.compose()[name]["depends_on"] == ["clickhouse"]


def test_another_transport_a_cluster_and_tls_of_aspects_are_followed(tmp_path: Path) -> None:
    settings = {
        "ASPECTS_XAPI_SOURCE": "ralph",
        "RALPH_DATABASE": "records",
        "ASPECTS_EVENT_SINK_DATABASE": "sink",
        "CLICKHOUSE_HOST": "any.example.org",
        "CLICKHOUSE_CLUSTER_NAME": "main",
        "CLICKHOUSE_CLUSTER_DDL_NODE_HOST": "first.example.org",
        "CLICKHOUSE_SECURE_CONNECTION": "true",
        "RUN_CLICKHOUSE": "false",
    }
    root = rendered(tmp_path, ["mfe", "aspects", "oars"], **settings)

    expected = {
        "DBT_TARGET": "cluster",
        "OARS_CLICKHOUSE_CLUSTER": "main",
        "OARS_CLICKHOUSE_HOST": "first.example.org",
        "OARS_CLICKHOUSE_PORT": "8443",
        "OARS_CLICKHOUSE_SECURE": "true",
        "OARS_XAPI_DATABASE": "records",
        "OARS_EVENT_SINK_DATABASE": "sink",
    }
    assert {name: environment(root)[name] for name in expected} == expected
    assert "depends_on" not in root.compose()["oars"]


def test_without_aspects_its_own_settings_hold(alone: Root) -> None:
    ours, job = environment(alone), alone.compose()["oars-job"]

    assert ours["OARS_CLICKHOUSE_HOST"] == "clickhouse.example.org"
    assert (ours["OARS_CLICKHOUSE_PORT"], ours["OARS_CLICKHOUSE_SECURE"]) == ("8443", "true")
    names = ("OARS_XAPI_DATABASE", "OARS_XAPI_TABLE", "OARS_EVENT_SINK_DATABASE")
    assert [ours[name] for name in names] == ["xapi", "statements", "event_sink"]
    assert job["environment"]["ADMIN_USER"] == "manager"
    assert alone.compose()["oars"]["command"] == ["watch", "--every", "1m"]
    assert "depends_on" not in alone.compose()["oars"]


def test_a_password_may_have_any_character(alone: Root) -> None:
    secret = alone.kubernetes()["Secret", "oars-admin"]["stringData"]

    assert secret["ADMIN_PASSWORD"] == ODD
    # Compose takes a dollar for a variable, and two for one.
    said = alone.compose()["oars-job"]["environment"]["ADMIN_PASSWORD"]
    assert said == ODD.replace("$", "$$")


def test_passwords_are_made_once_and_kept(root: Root) -> None:
    before = [root.value(name) for name in PASSWORDS]

    root.tutor("config", "save")

    assert [root.value(name) for name in PASSWORDS] == before
    assert len({each for each in before if re.fullmatch(r"\w{24}", each)}) == len(PASSWORDS)


def test_pods_and_containers_are_told_the_same(root: Root) -> None:
    objects = root.kubernetes()
    told = environment(root)
    for kind in ("Deployment", "Job"):
        name = "oars" if kind == "Deployment" else "oars-job"
        [container] = objects[kind, name]["spec"]["template"]["spec"]["containers"]
        env = {each["name"]: each.get("value") for each in container["env"]}

        assert env | {"OARS_CLICKHOUSE_PASSWORD": told["OARS_CLICKHOUSE_PASSWORD"]} == told
        [by_reference] = [each["valueFrom"] for each in container["env"] if "valueFrom" in each]
        reference = by_reference["secretKeyRef"]
        secret = objects["Secret", reference["name"]]["stringData"]
        assert secret[reference["key"]] == told["OARS_CLICKHOUSE_PASSWORD"]
    job = root.compose()["oars-job"]["environment"]
    admin = objects["Secret", "oars-admin"]["stringData"]
    assert {name: value.replace("$", "$$") for name, value in admin.items()} | told == job


def test_what_watches_knows_no_password_but_its_own(root: Root) -> None:
    others = {root.value(name) for name in (*PASSWORDS[1:], "OARS_ADMIN_PASSWORD")}
    [container] = root.kubernetes()["Deployment", "oars"]["spec"]["template"]["spec"]["containers"]

    assert not others & set(environment(root).values())
    assert "envFrom" not in container
    assert not [each for each in others if each in json.dumps(container)]


def test_pods_and_containers_have_no_rights(root: Root) -> None:
    service = root.compose()["oars"]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {each.partition(":")[0] for each in service["tmpfs"]} == {"/tmp", "/var/lib/oars"}
    for each in (("Deployment", "oars"), ("Job", "oars-job")):
        spec = root.kubernetes()[each]["spec"]["template"]["spec"]
        [container] = spec["containers"]
        assert spec["securityContext"]["runAsUser"] == USER_ID
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert mounts == {"/tmp", "/var/lib/oars"}
    spec = root.kubernetes()["Deployment", "oars"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_kubernetes_knows_all_fields(root: Root) -> None:
    files = [root.folder / "env" / "k8s" / f"{name}.yml" for name in ("deployments", "jobs")]

    done = subprocess.run(
        [TUTOR / "kubernetes-validate", "--strict", *files],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    said = re.findall(r"passed for resource (\S*/oars\S*)", done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(said) == ["deployment/oars", "job/oars-job", "secret/oars", "secret/oars-admin"]


def test_docker_compose_knows_all_fields(root: Root) -> None:
    compose = docker_compose()
    files = [root.folder / "env" / "local" / f"docker-compose{part}.yml" for part in ("", ".jobs")]

    done = subprocess.run(
        [*compose, *(part for file in files for part in ("-f", str(file))), "config", "--format",
         "json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    env = json.loads(done.stdout)["services"]["oars-job"]["environment"]
    assert env["ADMIN_PASSWORD"] == root.kubernetes()["Secret", "oars-admin"]["stringData"][
        "ADMIN_PASSWORD"
    ].replace("$", "$$")


def test_image_is_built_from_the_project_for_the_connection_of_its_runs(alone: Root) -> None:
    noted = alone.docker()

    alone.tutor("config", "save", "--set", f"OARS_PROJECT_DIR={PROJECT}")
    alone.tutor("images", "build", "oars")

    [told] = noted()
    version = re.search(r'^version = "(.*)"', (PROJECT / "pyproject.toml").read_text(), re.M)
    assert version
    assert f"--tag=oars:{version[1]}" in told
    assert told[-1] == str(PROJECT)
    assert Path(told[told.index("--file") + 1]).read_text().startswith("# Built from the project")
    arguments = [told[n + 1] for n, each in enumerate(told) if each == "--build-arg"]
    ours = environment(alone)
    names = ("OARS_CLICKHOUSE_HOST", "OARS_CLICKHOUSE_PORT", "OARS_CLICKHOUSE_SECURE")
    assert arguments == [f"{name}={ours[name]}" for name in names]


def test_do_passes_on_what_it_is_told(beside: Root) -> None:
    noted = beside.docker()

    beside.tutor("local", "do", "oars", "run", "--", "--full-refresh")
    beside.tutor("local", "do", "oars", "--admin", "grants", "--organization", "o'x {{ y }} $z")
    beside.tutor("local", "do", "oars-dbt", "test", "--selector", "checks")

    assert [told[-5:-1] for told in noted()] == [["oars-job", "sh", "-e", "-c"]] * 3
    plain, admin, dbt = [told[-1] for told in noted()]
    assert plain == "oars run -- --full-refresh"
    assert admin == (
        'OARS_CLICKHOUSE_USER="$ADMIN_USER" OARS_CLICKHOUSE_PASSWORD="$ADMIN_PASSWORD" '
        """oars grants --organization 'o'"'"'x {{ y }} $z'"""
    )
    assert dbt == "dbt test --selector checks"


def test_init_says_who_may_do_what_and_builds_on_the_tables_of_aspects(
    beside: Root, tmp_path: Path
) -> None:
    site = HttpSite(tmp_path, "server")
    site.env |= {"OARS_XAPI_DATABASE": "openedx", "DBT_TARGET_PATH": str(tmp_path / "target")}
    with site:
        # What Aspects creates: statements as Vector has them, and no profiles of learners.
        bodies = {"openedx.xapi_events_all": STATEMENTS.replace("PARTITION BY", "-- ")}
        bodies |= {f"event_sink.{table}": body for table, body in EVENT_SINK.items()}
        for name, body in bodies.items():
            database, _, table = name.partition(".")
            site.over_http(f"create database if not exists {database}")
            site.over_http(create_statement(database, table, body))
        for command in (("init",), NEWS):
            assert site.oars(*command).code == 0
        for it in ("table event_sink.user_profile", "database oars_operator"):
            site.over_http(f"drop {it}")
        env = {name: site.env[name] for name in ("DBT_PROJECT_DIR", "DBT_PROFILES_DIR", "PATH")}
        env |= {"DBT_TARGET_PATH": str(tmp_path / "target"), "DBT_LOG_PATH": str(tmp_path / "logs")}
        env |= {"OARS_CLICKHOUSE_HOST": "127.0.0.1"}
        env |= {"OARS_CLICKHOUSE_PORT": site.env["OARS_CLICKHOUSE_PORT"], "HOME": str(tmp_path)}
        beside.docker(is_run=True, **env)

        said = beside.tutor("local", "do", "init", "--limit", "oars")

        [outcome] = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        assert outcome["result"] == "done", outcome
        assert outcome["appended_count"] == 400
        assert int(site.over_http("select count() from oars.fct_enrollments")) > 0
        found = site.over_http("select database, name from system.tables").splitlines()
        assert "oars_operator\tcourse_staff" in found
        assert "event_sink\tuser_profile" not in found
        status = json.loads(
            beside.tutor("local", "do", "oars", "status", "--json").splitlines()[-1]
        )
        assert status["waiting_count"] == 0, status
    access = (tmp_path / "access.sql").read_text()
    for name in PASSWORDS:
        user = "oars_" + name.split("_")[1].lower() + "_user"
        altered = re.search(rf"ALTER USER {user} IDENTIFIED .* BY '(\w+)' SALT '(\w+)'", access)
        assert altered, user
        salted = (beside.value(name) + altered[2]).encode()
        assert altered[1].lower() == hashlib.sha256(salted).hexdigest()
    assert not [name for name in PASSWORDS if beside.value(name) in said]


def test_a_run_that_is_busy_does_not_fail_the_init() -> None:
    task = (PROJECT / "deploy/tutor/tutoroars/templates/oars/jobs/init.sh").read_text()
    end = task[task.index("code=0") :]

    codes = {
        code: subprocess.run(
            ["sh", "-e", "-c", f"oars() {{ return {code}; }}\n{end}"], check=False
        ).returncode
        for code in (0, 75, 1)
    }

    assert codes == {0: 0, 75: 0, 1: 1}
