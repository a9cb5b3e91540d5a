"""Print the part of constraints.txt, with its hashes, that the named packages need to run.

Without names: those of `dependencies` in pyproject.toml. The lock itself says which package is
there for which other one, after `# via`; what only developers need is left out.
"""

import re
import sys
import tomllib
from pathlib import Path


def normal(name: str) -> str:
    """A package's name as the lock writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(lock: str, names: list[str]) -> str:
    """The entries of these packages and of all that they need; ValueError where one is missing."""
    entries, parents = {}, {}
    for entry in re.split(r"^(?=\S)", lock, flags=re.MULTILINE)[1:]:
        name = entry.partition("==")[0]
        entries[name] = entry
        parents[name] = set(re.split(r",\s*", entry.rpartition("# via ")[2].strip()))
    wanted = {normal(name) for name in names}
    if missing := wanted - set(entries):
        raise ValueError(f"The lock lacks {', '.join(sorted(missing))}: run `make lock`.")
    while more := {name for name in entries if name not in wanted and parents[name] & wanted}:
        wanted |= more
    return "".join(entry for name, entry in entries.items() if name in wanted)


if __name__ == "__main__":
    asked = tomllib.loads(Path("pyproject.toml").read_text())["project"]["dependencies"]
    named = [re.split(r"[^\w.-]", each)[0] for each in asked]
    sys.stdout.write(needed(Path("constraints.txt").read_text(), sys.argv[1:] or named))
