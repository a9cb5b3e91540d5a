"""Starts processes that have imported already what dbt, oars and a client of the engine need.

Of a short run of dbt most is Python that imports it, and dbt that reads the project. This process
imports, opens nothing and has one thread; for each request, a line of JSON, it forks a process
that becomes the command, with arguments, environment, folder and files of its own, and answers
with its exit code.

What dbt has read of the project is kept in the file that the request names, as dbt itself keeps
it in partial_parse.msgpack. Each run loads its own: a run changes it.

    python starter.py           requests from standard input
    python starter.py REQUEST   that one alone, in this process
"""

import gc
import json
import os
import pickle
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

# Not the engine itself, which starts threads.
import clickhouse_connect
import dbt.adapters.clickhouse
import dbt.cli.main
import sqlparse  # noqa: F401
from dbt.cli.main import cli, dbtRunner
from dbt.contracts.graph.manifest import Manifest

import oars.cli


def become(request: dict[str, Any]) -> None:
    """Have the environment, the folder and the files that the request asks for."""
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["folder"])
    for number, (name, flags) in enumerate(
        zip(request["files"], (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)
    ):
        file = os.open(name, flags)
        os.dup2(file, number)
        os.close(file)


def run(command: str, arguments: list[str], manifest: str | None = None) -> None:
    """Run the command as its own `python -m` would; it ends with SystemExit."""
    sys.argv = [command, *arguments]
    if command == "query":
        query(*arguments)
    elif command == "oars":
        if manifest and Path(manifest).exists():
            kept = read(Path(manifest))
            dbt.cli.main.dbtRunner = lambda given=None: dbtRunner(given or kept)
        oars.cli.main()
    elif manifest and Path(manifest).exists():
        cli(obj={"manifest": read(Path(manifest))})
    else:
        cli()


def query(folder: str, *statements: str) -> None:
    """Run statements; print the rows of the last."""
    client = clickhouse_connect.get_client(interface="chdb", path=folder)
    for statement in statements[:-1]:
        client.command(statement)
    sys.stdout.buffer.write(client.raw_query(statements[-1], fmt="JSONEachRow"))


def parse(arguments: list[str], file: Path) -> None:
    """Keep what dbt reads of the project; of a project that it refuses nothing."""
    told = dbtRunner().invoke(["--quiet", "parse", "--no-partial-parse", *arguments])
    if isinstance(told.result, Manifest):
        # Its own __reduce_ex__ forgets an attribute; those with an underscore are made when asked.
        parts = {
            each.name: getattr(told.result, each.name)
            for each in fields(told.result)
            if not each.name.startswith("_")
        }
        # Another may be at it too: a file is there whole or not at all.
        unfinished = file.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(pickle.dumps(parts))
        unfinished.rename(file)


def read(file: Path) -> Manifest:
    return Manifest(**pickle.loads(file.read_bytes()))


def serve() -> None:
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        manifest = request["manifest"]
        if manifest and not Path(manifest).exists():
            child = os.fork()
            if not child:
                become(request | {"files": [os.devnull] * 3})
                return parse(request["parsed_with"], Path(manifest))
            os.waitpid(child, 0)
        child = os.fork()
        if not child:
            become(request)
            return run(request["command"], request["arguments"], manifest)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        alone = json.loads(sys.argv[1])
        run(alone["command"], alone["arguments"], alone["manifest"])
    else:
        serve()
