"""OARS-dbt as a plugin of Tutor, on its hooks of version 1.

Names and credentials are those of tutor-contrib-aspects where that is enabled. Its settings are
only named in templates, with what holds where they are not defined: nothing of it is imported.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import click
from tutor import env, hooks

HERE = files("tutoroars")
VERSION = version("tutor-contrib-oars")
# Those of Aspects end at 97: what it creates has to be there.
AFTER_ASPECTS = 110

hooks.Filters.CONFIG_DEFAULTS.add_items(
    [
        ("OARS_VERSION", VERSION),
        ("OARS_DOCKER_IMAGE", "oars:{{ OARS_VERSION }}"),
        ("OARS_PROJECT_DIR", ""),
        ("OARS_WATCH_EVERY", "10s"),
        # A run reads what it has just written, so of a cluster it talks to one server.
        (
            "OARS_CLICKHOUSE_HOST",
            "{{ CLICKHOUSE_CLUSTER_DDL_NODE_HOST | default('')"
            " or CLICKHOUSE_HOST | default('clickhouse') }}",
        ),
        (
            "OARS_CLICKHOUSE_PORT",
            "{{ CLICKHOUSE_INTERNAL_HTTP_PORT | default("
            "'8443' if OARS_CLICKHOUSE_SECURE | string | lower == 'true' else '8123') }}",
        ),
        (
            "OARS_CLICKHOUSE_SECURE",
            "{{ CLICKHOUSE_SECURE_CONNECTION | default(false) | string | lower }}",
        ),
        ("OARS_CLICKHOUSE_CLUSTER", "{{ CLICKHOUSE_CLUSTER_NAME | default('') }}"),
        ("OARS_XAPI_DATABASE", "{{ ASPECTS_XAPI_DATABASE | default('xapi') }}"),
        ("OARS_XAPI_TABLE", "{{ ASPECTS_RAW_XAPI_TABLE | default('xapi_events_all') }}"),
        ("OARS_EVENT_SINK_DATABASE", "{{ ASPECTS_EVENT_SINK_DATABASE | default('event_sink') }}"),
        ("OARS_OPERATOR_DATABASE", "oars_operator"),
        ("OARS_ADMIN_USER", "{{ CLICKHOUSE_ADMIN_USER | default('default') }}"),
        ("OARS_ADMIN_PASSWORD", "{{ CLICKHOUSE_ADMIN_PASSWORD | default('') }}"),
        ("OARS_PII_READER_PASSWORD", ""),
    ]
)
hooks.Filters.CONFIG_UNIQUE.add_items(
    [
        ("OARS_DBT_PASSWORD", "{{ 24|random_string }}"),
        ("OARS_DASHBOARDS_PASSWORD", "{{ 24|random_string }}"),
        ("OARS_ANALYST_PASSWORD", "{{ 24|random_string }}"),
    ]
)

hooks.Filters.ENV_TEMPLATE_ROOTS.add_item(str(HERE / "templates"))
for patch in (HERE / "patches").iterdir():
    hooks.Filters.ENV_PATCHES.add_item((patch.name, patch.read_text(encoding="utf-8")))

hooks.Filters.CLI_DO_INIT_TASKS.add_item(
    ("oars", (HERE / "templates" / "oars" / "jobs" / "init.sh").read_text(encoding="utf-8")),
    priority=AFTER_ASPECTS,
)


@hooks.Filters.IMAGES_BUILD.add()
def _image(
    images: list[tuple[str, str | tuple[str, ...], str, tuple[str, ...]]], config: dict[str, Any]
) -> list[tuple[str, str | tuple[str, ...], str, tuple[str, ...]]]:
    """The image, made from the project's folder where the site says which that is."""
    folder = str(env.render_unknown(config, config["OARS_PROJECT_DIR"]))
    if not folder:
        return images
    # dbt reads the project once, while the image is made: for the connection that runs will have.
    said = []
    for name in ("HOST", "PORT", "SECURE"):
        value = str(env.render_unknown(config, config[f"OARS_CLICKHOUSE_{name}"]))
        # A site may have it as true, which Python writes in its own way.
        value = value.lower() if name == "SECURE" else value
        said += ["--build-arg", f"OARS_CLICKHOUSE_{name}={value}"]
    dockerfile = f"{folder}/deploy/docker/Dockerfile"
    return [*images, ("oars", folder, "{{ OARS_DOCKER_IMAGE }}", ("--file", dockerfile, *said))]


hooks.Filters.IMAGES_PUSH.add_item(("oars", "{{ OARS_DOCKER_IMAGE }}"))

PASSED_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False}
"""What follows the first word is for the command in the container, its options too."""


def _job(command: str, arguments: Iterable[str], is_admin: bool) -> list[tuple[str, str]]:
    """One task in the container `oars-job`; passwords are in its environment, not in the task."""
    said = shlex.join([command, *arguments])
    # Tutor takes a task for a template.
    said = "{% raw %}" + said + "{% endraw %}"
    if is_admin:
        said = (
            'OARS_CLICKHOUSE_USER="$ADMIN_USER" OARS_CLICKHOUSE_PASSWORD="$ADMIN_PASSWORD" ' + said
        )
    return [("oars", said)]


@click.command("oars", context_settings=PASSED_ON)
@click.option(
    "--admin", is_flag=True, help="As who may manage access: grants, init, load, restore, forget."
)
@click.argument("arguments", nargs=-1, required=True, type=click.UNPROCESSED)
def do_oars(arguments: tuple[str, ...], admin: bool) -> list[tuple[str, str]]:
    """Run a command of oars, like `do oars status` or `do oars --admin grants --apply`.

    75, at the end of `run`, says that another run is at work.
    """
    return _job("oars", arguments, admin)


@click.command("oars-dbt", context_settings=PASSED_ON)
@click.argument("arguments", nargs=-1, required=True, type=click.UNPROCESSED)
def do_dbt(arguments: tuple[str, ...]) -> list[tuple[str, str]]:
    """Run a command of dbt on the project, like `do oars-dbt test --selector checks`."""
    return _job("dbt", arguments, is_admin=False)


hooks.Filters.CLI_DO_COMMANDS.add_items([do_oars, do_dbt])
