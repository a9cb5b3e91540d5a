"""What Superset has on the disk of this machine is for its owner alone."""

import os
import shutil
import stat
from pathlib import Path

from conftest import PROJECT, environment, is_tight, modes, run, serving

FILES = {"superset.db", "secret_key", "users.json", "server.log"}


def test_all_that_is_made_is_for_its_owner_alone(prepared: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(prepared / "home", home)
    assert is_tight(home), modes(home)
    env = environment(
        home, prepared / "published" / "current", PROJECT / "superset" / "local_config.py"
    )
    before = os.umask(0)
    try:
        with serving(env, home / "server.log"):
            assert is_tight(home), modes(home)
    finally:
        os.umask(before)
    assert is_tight(home), modes(home)
    assert modes(home).keys() >= FILES


def test_what_is_there_already_is_tightened(prepared: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(prepared / "home", home)
    (home / "prepare.log").touch()
    elsewhere = tmp_path / "elsewhere.log"
    elsewhere.touch()
    (home / "link.log").symlink_to(elsewhere)
    for path in (home, elsewhere, *home.glob("*")):
        path.chmod(0o755)
    env = environment(home, prepared, PROJECT / "superset" / "local_config.py")
    run(env, "-c", "import local_config")
    (home / "link.log").unlink()
    assert is_tight(home), modes(home)
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755
