"""Which licence each locked package has: `make licences` writes docs/licences.md from this.

What a package says of itself comes in many spellings; here it gets the name that SPDX gives it. A
package that says nothing, or something that is not known here, is an error that asks for a line.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "licences.md"
# Environment: its lock, its folder, what it is for.
ENVIRONMENTS = {
    "The project": ("constraints.txt", ".venv"),
    "Superset": ("superset/constraints.txt", ".venv-superset"),
}

# They ask for nothing but their notices.
ALLOWED = {
    "0BSD", "AFL-2.1", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python",
    "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0", "Unlicense", "ZPL-2.1", "Zlib",
}  # fmt: skip
# These ask for more. A package may have one only where it is said why that does no harm.
COPYLEFT = {
    "certifi": "MPL-2.0 holds for its own files, which are used as they are.",
    "hypothesis": "MPL-2.0 holds for its own files, which are used as they are; only tests use it.",
    "orjson": "MPL-2.0 holds for its own files, which are used as they are.",
    "paramiko": "LGPL leaves a program that imports it alone; Superset asks for it.",
    "pathspec": "MPL-2.0 holds for its own files, which are used as they are.",
    "pyxlsb": "LGPL leaves a program that imports it alone; Superset asks for it.",
    "text-unidecode": "The Artistic License can be chosen; it is used as it is.",
    "tqdm": "MPL-2.0 holds for its own files, which are used as they are.",
    "yamllint": "GPL: a tool that `make check` starts; nothing of the project imports or ships it.",
}

SPELLINGS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache License": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "LGPL-2.1": "LGPL-2.1-only",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
# Where what the package says is wrong, vague or missing: as the text of its licence has it.
READ = {
    "apsw": "Zlib",
    "bottleneck": "BSD-2-Clause",
    "odfpy": "Apache-2.0 OR GPL-2.0-or-later OR LGPL-2.1-or-later",
    "polyline": "MIT",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "text-unidecode": "Artistic-1.0-Perl OR GPL-2.0-or-later",
    "yamllint": "GPL-3.0-or-later",
    # Only other machines and Pythons install these.
    "async-timeout": "Apache-2.0",
    "brotlicffi": "MIT",
    "tzdata": "Apache-2.0",
    "waitress": "ZPL-2.1",
}


def normal(name: str) -> str:
    """The name of a package as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: Path) -> dict[str, str]:
    """Package -> version."""
    found = re.findall(r"^([\w.-]+)==([^\s;]+)", lock.read_text(), re.MULTILINE)
    return {normal(name): version for name, version in found}


def installed(folder: Path) -> dict[str, Distribution]:
    """The packages of an environment."""
    paths = [str(path) for path in folder.glob("lib/python3*/site-packages")]
    return {normal(found.name): found for found in distributions(path=paths)}


def clauses(package: Distribution) -> str:
    """Which BSD licence it is, for a package that says only "BSD": the third clause is on names."""
    files = [file.locate() for file in package.files or [] if "licen" in file.name.lower()]
    text = "".join(Path(str(file)).read_text(errors="replace") for file in files)
    if "Redistribution" not in text:
        return ""
    return "BSD-3-Clause" if re.search(r"name of|names of", text) else "BSD-2-Clause"


def licence(name: str, package: Distribution | None) -> str:
    """The licence of a package, as SPDX writes it; empty where nothing is known."""
    if name in READ:
        return READ[name]
    if package is None:
        return ""
    about = package.metadata
    if "License-Expression" in about:
        said = [about["License-Expression"]]
    else:
        classifiers = about.get_all("Classifier") or []
        said = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
        said = said or [(about["License"] or "").strip().partition("\n")[0]]
    if said in (["BSD License"], ["BSD"]):
        return clauses(package)
    return " OR ".join(SPELLINGS.get(each, each) for each in said)


def is_allowed(expression: str) -> bool:
    """Whether it asks for nothing but notices; of several to choose from one is enough."""
    named = re.findall(r"[\w.-]+", re.sub(r" (AND|OR) ", " ", expression))
    enough = all if " AND " in expression else any
    return enough(each in ALLOWED for each in named)


def rows(title: str) -> Iterator[tuple[str, str, str]]:
    """Package, version, licence of an environment."""
    lock, folder = ENVIRONMENTS[title]
    packages = installed(PROJECT / folder)
    for name, version in sorted(pins(PROJECT / lock).items()):
        yield name, version, licence(name, packages.get(name))


def main() -> None:
    """Write the page, unless a licence is unknown or not allowed."""
    lines = [
        "# Licences of what is installed",
        "",
        "`make licences` writes this page from what the packages say of themselves. The project is",
        "under Apache-2.0 and ships none of them: `make setup` installs them.",
        "",
    ]
    unclear = []
    for title, (lock, _) in ENVIRONMENTS.items():
        lines += [f"## {title} (`{lock}`)", "", "| package | version | licence |", "|---|---|---|"]
        for name, version, expression in rows(title):
            lines.append(f"| {name} | {version} | {expression} |")
            if not is_allowed(expression) and name not in COPYLEFT:
                unclear.append(f"{name}: {expression or 'unknown'}")
        lines.append("")
    if unclear:
        sys.exit(f"Say in {Path(__file__).name} which licence holds: " + "; ".join(unclear))
    lines += ["## Those that ask for more", "", "| package | why it is fine |", "|---|---|"]
    lines += [f"| {name} | {reason} |" for name, reason in COPYLEFT.items()]
    PAGE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
