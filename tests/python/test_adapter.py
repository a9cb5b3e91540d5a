"""The adapter `type: chdb`: a data folder in place of a host, and nothing else of its own."""

import subprocess
import sys
from pathlib import Path

import pytest
from dbt.adapters.exceptions import FailedToConnectError

from dbt.adapters.chdb.connections import open_folder
from oars_site import Site

OPEN = """
import os, sys
from dbt.adapters.chdb.connections import ChdbCredentials, open_folder
from dbt.adapters.exceptions import FailedToConnectError

path = ChdbCredentials(path=sys.argv[1], schema="oars").path
try:
    first, second = open_folder(path), open_folder(path)
except FailedToConnectError as error:
    sys.exit(error.msg)
first.command("create table if not exists numbers (number UInt8) engine = Log")
first.command("insert into numbers values (7)")
print(path, second.command("select max(number) from numbers"))
first.close()
print(second.command("select 'still open'"))
"""


def open_in_a_process(path: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", OPEN, path], capture_output=True, text=True, cwd=folder
    )


@pytest.mark.parametrize("path", ["data/chdb", "~/data/chdb"])
def test_folder_is_made_and_named_from_here_or_from_home(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    opened = open_in_a_process(path, tmp_path)
    assert opened.stdout == f"{tmp_path}/data/chdb 7\nstill open\n", opened.stderr


def test_folder_of_another_process_is_refused_in_one_sentence(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.query("select 1")
    with site.held():
        refused = open_in_a_process(str(site.data), tmp_path)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"The data folder {site.data} is in use by another process: wait until it has finished, "
        "or set OARS_CHDB_PATH to another folder.\n"
    )
    assert open_in_a_process(str(site.data), tmp_path).returncode == 0


def test_process_that_closed_the_folder_is_refused_like_any_other(tmp_path: Path) -> None:
    site = Site(tmp_path)
    for _ in range(2):
        open_folder(str(site.data)).close()
    with site.held(), pytest.raises(FailedToConnectError, match="is in use by another process"):
        open_folder(str(site.data))
