"""What Superset has on the disk of this machine is for its owner alone."""

import os
import shutil
import stat
import sys
from pathlib import Path

from conftest import PROJECT, environment, run, serving

FILES = {"superset.db", "secret_key", "users.json", "server.log"}


def modes(folder: Path) -> dict[str, str]:
    """Of the folder itself and of all within, by their names."""
    found = {".": folder, **{str(path.relative_to(folder)): path for path in folder.rglob("*")}}
    return {name: oct(stat.S_IMODE(path.stat().st_mode)) for name, path in found.items()}


def is_tight(folder: Path) -> bool:
    return all(
        mode == ("0o700" if (folder / name).is_dir() else "0o600")
        for name, mode in modes(folder).items()
    )


def test_all_that_is_made_is_for_its_owner_alone(prepared: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    config = PROJECT / "superset" / "local_config.py"
    env = environment(home, prepared / "published" / "current", config)
    superset = Path(sys.executable).parent / "superset"
    old = os.umask(0)
    try:
        home.mkdir()  # as `make` once did
        run(env, superset, "db", "upgrade")
        assert is_tight(home), modes(home)
        run(env, superset, "init")
        apply = PROJECT / "superset" / "apply.py"
        run(env, apply, "--assets", prepared / "assets", "--demo-users")
        with serving(env, home / "server.log"):
            assert is_tight(home), modes(home)
    finally:
        os.umask(old)
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
