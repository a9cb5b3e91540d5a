"""What matters in the files of deploy/ and of continuous integration.

Tools that know more are asked where they are on PATH: hadolint, systemd-analyze, kubeconform,
kubernetes-validate, airflow.
"""

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from licences import normal
from oars.cli import app
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


def is_let_in(path: str) -> bool:
    """Whether .dockerignore, which is a list of what is let in, lets a file into the build."""
    rules = [line for line in IGNORED.splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    names = [rule[1:] for rule in rules if rule.startswith("!")]
    return any(path == name or path.startswith(f"{name}/") for name in names)


def faults(dockerfile: str) -> list[str]:
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
            found += [f"not let in: {path}" for path in sources if not is_let_in(path)]
        for install in re.findall(r"pip install [^&|;]*", text) if name == "RUN" else []:
            if "--require-hashes" not in install and not re.search(r"--no-deps .* \.\s*$", install):
                found.append(f"without hashes: {install}")
    users = [text for name, text in last_stage if name == "USER"]
    if not users or users[-1] != f"{USER_ID}:{USER_ID}":
        found.append("not the user of a number")
    ends = {name: text for name, text in last_stage if name in ("ENTRYPOINT", "CMD", "HEALTHCHECK")}
    if ends != {"HEALTHCHECK": "NONE", "ENTRYPOINT": '["oars"]', "CMD": '["watch"]'}:
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
    asked("hadolint", DEPLOY / "docker" / "Dockerfile")


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
    assert runs == script


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
        for folder in ("docker", "systemd", "kubernetes", "airflow")
        for path in (DEPLOY / folder).rglob("*.*")
        if path.is_file() and "__pycache__" not in path.parts
    } | {"deploy/docker/Dockerfile"}
    named = set(re.findall(r"\bdeploy/[\w./-]*\w", PAGE))

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
        re.findall(r"(?:bin/oars|oars\.env oars:[\d.]+|^ +oars) ([a-z]+)", blocks, re.MULTILINE)
    )

    assert used
    assert used <= commands
    assert set(re.findall(r"\bOARS_[A-Z_]+", PAGE)) - {"OARS_HOME"} <= set(
        re.findall(r"\bOARS_[A-Z_]+", OPERATIONS)
    )
    assert made(blocks) <= TARGETS
    assert f"oars:{PYPROJECT['project']['version']}" in blocks
