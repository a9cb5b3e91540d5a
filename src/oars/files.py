"""Files and folders that are for this user alone."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def open_private(path: Path) -> BinaryIO:
    """Open a file to be written anew, which nobody else may read; OSError of a link.

    Who can put a link into the folder must not choose what is written over.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    # Not of a device, as /dev/null is.
    if stat.S_ISREG(os.fstat(handle).st_mode):
        os.fchmod(handle, 0o600)
    return os.fdopen(handle, "wb")


def make_private_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, each for this user alone.

    A folder that is there keeps its mode.
    """
    if not folder.is_dir():
        make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def unfinished_folder(beside: Path) -> Iterator[Path]:
    """A new private folder in a folder, gone at the end with all that was not renamed out of it."""
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=beside))
    try:
        yield unfinished
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
