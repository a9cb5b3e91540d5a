"""What all tests of a session share, also those of its other processes."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from oars_site import PARSED, PROJECT


def pytest_configure(config: pytest.Config) -> None:
    """A folder for what dbt has read of a project: see oars_site.py."""
    if not hasattr(config, "workerinput"):
        (PROJECT / "target").mkdir(exist_ok=True)
        os.environ[PARSED] = tempfile.mkdtemp(prefix="parsed_", dir=PROJECT / "target")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(Path(os.environ.pop(PARSED)))
