"""The connection to ClickHouse, as the dbt profile and target say."""

import logging
import os
import re
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error


class OarsError(Exception):
    """An expected failure, told to the user in one sentence."""


@dataclass(frozen=True)
class Target:
    """What the profile says about where the data is."""

    credentials: Any
    schema: str
    cluster: str | None
    project_dir: Path


def read_target(
    project_dir: Path | None, profiles_dir: Path | None, target: str | None = None
) -> Target:
    """Read the profile as dbt does, with its loader, so that env_var() and targets work alike."""
    # dbt takes two seconds to import: `oars --help` shall not wait for it.
    from dbt.cli.resolvers import default_profiles_dir, default_project_dir
    from dbt.config.runtime import load_profile
    from dbt.flags import set_from_args
    from dbt_common.context import set_invocation_context
    from dbt_common.exceptions import DbtBaseException

    project = project_dir or default_project_dir()
    profiles = profiles_dir or default_profiles_dir()
    if not (project / "dbt_project.yml").is_file():
        raise OarsError(
            f"There is no dbt project in {project}: run this in the project's folder "
            "or name it with --project-dir."
        )
    if not (profiles / "profiles.yml").is_file():
        raise OarsError(
            f"There is no profiles.yml in {profiles}: copy profiles.yml.example to profiles.yml "
            "in the project's folder, or name the folder that has it with --profiles-dir."
        )
    set_invocation_context(os.environ)
    set_from_args(Namespace(PROFILES_DIR=str(profiles)), None)
    try:
        credentials = load_profile(str(project), {}, target_override=target).credentials
    except DbtBaseException as error:
        raise OarsError(f"The profile cannot be used: {one_line(str(error))}") from error
    return Target(credentials, credentials.schema, credentials.cluster or None, project)


def connect(target: Target) -> Client:
    """Open a client of the embedded engine or of the server."""
    if target.credentials.type == "chdb":
        return _open_embedded(target)
    if target.credentials.type == "clickhouse":
        return _open_server(target.credentials)
    raise OarsError(
        f"The target is of type {target.credentials.type}: oars works on chdb and clickhouse."
    )


def _open_embedded(target: Target) -> Client:
    from dbt.adapters.exceptions import FailedToConnectError

    from dbt.adapters.chdb.connections import open_folder

    path = data_folder(target)
    try:
        client: Client = open_folder(str(path), target.credentials.custom_settings)
    except FailedToConnectError as error:
        raise OarsError(error.msg) from error
    except (OSError, Error) as error:
        raise OarsError(f"The data folder {path} cannot be opened: {reason(error)}") from error
    return client


def data_folder(target: Target) -> Path:
    """The folder of the embedded engine."""
    # dbt changes into the project before it opens a relative path.
    return target.project_dir / Path(target.credentials.path).expanduser()


def _open_server(credentials: Any) -> Client:
    if credentials.driver == "native" or credentials.port in (9000, 9440):
        raise OarsError("oars speaks HTTP: give the target the server's HTTP port (8123 or 8443).")
    # What goes wrong is said in the error, once.
    for logger in ("urllib3", "clickhouse_connect"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    try:
        return clickhouse_connect.get_client(
            host=credentials.host,
            port=credentials.port or (8443 if credentials.secure else 8123),
            username=credentials.user,
            password=credentials.password,
            interface="https" if credentials.secure else "http",
            compress=bool(credentials.compression),
            connect_timeout=credentials.connect_timeout,
            send_receive_timeout=credentials.send_receive_timeout,
            client_name="oars",
            verify=credentials.verify,
            server_host_name=credentials.server_host_name,
            client_cert=credentials.client_cert,
            client_cert_key=credentials.client_cert_key,
            query_limit=0,
            # Not a connection of another client: behind the address there may be several servers.
            dedicated_pool=True,
            settings=credentials.custom_settings or {},
        )
    except Error as error:
        raise OarsError(
            f"No connection to ClickHouse at {credentials.host}: {reason(error)}"
        ) from error


def reason(error: Exception) -> str:
    """The first line of an error, without the engine's code, version and stack trace."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    message = str(error)
    # "[Errno 111] Connection refused" is buried in what the HTTP client says around it.
    if network := re.search(r"\[Errno -?\d+\] ([^'\")]+)", message):
        return network[1]
    message = message.rpartition("DB::Exception: ")[2]
    return re.split(r"\n|\. Stack trace|\(version ", message.strip())[0].strip()


def one_line(message: str) -> str:
    """dbt's message on one line, without its heading and the macros that it went through."""
    lines = [line.strip() for line in message.splitlines()]
    return " ".join(line for line in lines if line and not AROUND_A_MESSAGE.match(line))


AROUND_A_MESSAGE = re.compile(
    r"(?:Runtime|Compilation|Database|Parsing) Error(?: in .*)?$"
    r"|> (?:in|called by) |compiled code at "
)
"""Lines that dbt puts around what happened."""
