"""Files and folders that are for this user alone, and files that are there whole or not at all."""

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


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Put a file in the place of the one that is there, in one step; OSError of what is no file.

    A link is refused, and none that comes later is followed: the new file takes its place. The file
    beside it has another suffix, so that who looks for files of a kind does not read half of one.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise OSError(f"{path} is a link or no plain file: name another.")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".unfinished", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
