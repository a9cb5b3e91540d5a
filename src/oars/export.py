"""The marts as files, for who works with them elsewhere: Parquet or CSV, one file a mart."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client

from oars.connection import OarsError, Target, connect
from oars.files import make_private_folder, unfinished_folder
from oars.forget import being_forgotten
from oars.grants import Site
from oars.raw_tables import qualified, table_exists
from oars.report import unknown_course
from oars.rows import columns_of, count_rows, name_of, rows_said, write_rows

FORMATS = {"parquet": "Parquet", "csv": "CSVWithNames"}
# In a CSV what is absent is nothing at all, and an empty text is "".
SETTINGS = {"parquet": "", "csv": " settings format_csv_null_representation = ''"}

NOTHING = "Nothing has run on this database yet: run `dbt build` first."

SORTING_KEY = """
select sorting_key
from system.tables
where database = {database:String} and name = {name:String}
"""


@dataclass(frozen=True)
class Mart:
    """A mart that is built, as the database has it."""

    database: str
    name: str
    columns: tuple[str, ...]

    @property
    def is_of_learners(self) -> bool:
        """Whether its rows are of single learners, by pseudonym."""
        return "actor_id" in self.columns

    @property
    def is_of_courses(self) -> bool:
        """Whether each of its rows is of a course."""
        return "course_key" in self.columns


@dataclass(frozen=True)
class Exported:
    """A file that was written."""

    mart: Mart
    file: Path
    row_count: int

    def __str__(self) -> str:
        """One line: relation, rows, bytes, and where."""
        size = self.file.stat().st_size
        return (
            f"{self.mart.database}.{self.mart.name}: {rows_said(self.row_count)}, {size:,} bytes, "
            f"{self.file}"
        )


def export(
    target: Target,
    site: Site,
    folder: Path,
    form: str,
    named: Iterable[str],
    courses: Iterable[str],
) -> list[Exported]:
    """Write marts to files in a folder; a file that is there is replaced, once all are written.

    Without names: the marts without learners, and with courses those of them that are of courses.
    OarsError where a name or a course is not known, or a mart is not for that.
    """
    names, keys = list(dict.fromkeys(named)), list(dict.fromkeys(courses))
    refuse_names(site, names)
    with closing(connect(target)) as client:
        if being_forgotten(client, target.schema)[1]:
            raise OarsError(
                "Somebody is being forgotten: repeat the `oars forget` that was interrupted."
            )
        _refuse_courses(client, target.schema, keys)
        marts = _chosen(client, site, names, bool(keys))
        make_private_folder(folder)
        with unfinished_folder(folder) as unfinished:
            written = []
            for mart in marts:
                file = unfinished / f"{mart.name}.{form}"
                select = _select(client, mart, form, keys)
                write_rows(client, target, select, FORMATS[form], file, {"courses": keys})
                count = count_rows(client, target, file, FORMATS[form], mart.columns)
                written.append(Exported(mart, folder / file.name, count))
            for each in written:
                # Of a link that is there the link is replaced, and not what it leads to.
                (unfinished / each.file.name).replace(each.file)
    return written


def refuse_names(site: Site, names: Iterable[str]) -> None:
    """OarsError where a name is of no mart, or of one that has names of people."""
    public = {mart.alias for mart in site.marts()}
    personal = set(_personal(site))
    for name in names:
        if name in personal:
            raise OarsError(f"{name} is never exported: it has names of people.")
        if name not in public:
            close = get_close_matches(name, sorted(public - personal), n=3)
            hint = (
                f"close to it: {', '.join(close)}" if close else "README.md lists those there are"
            )
            raise OarsError(f"No mart is called {name}; {hint}.")


def _personal(site: Site) -> Iterator[str]:
    """Marts that say who people are: learners, also while that is turned off, and staff."""
    off = [node for nodes in site.manifest.disabled.values() for node in nodes]
    for node in [*site.nodes(), *off]:
        if node.resource_type == "model" and (
            node.schema == f"{site.schema}_pii" or node.config.meta.get("dataset") is False
        ):
            yield node.alias


def _refuse_courses(client: Client, schema: str, courses: list[str]) -> None:
    if not courses:
        return
    if not table_exists(client, schema, "dim_courses"):
        raise OarsError(NOTHING)
    found = client.query(f"select course_key from {qualified(schema, 'dim_courses')}")
    known = [row[0] for row in found.result_rows]
    for course in courses:
        if course not in known:
            raise OarsError(unknown_course(course, known))


def _chosen(client: Client, site: Site, names: list[str], is_by_course: bool) -> list[Mart]:
    personal = set(_personal(site))
    built = [
        Mart(node.schema, node.alias, tuple(columns))
        for node in site.marts()
        if node.alias not in personal and (columns := columns_of(client, node.schema, node.alias))
    ]
    if not built:
        raise OarsError(NOTHING)
    if not names:
        return [
            mart
            for mart in built
            if not mart.is_of_learners and (mart.is_of_courses or not is_by_course)
        ]
    found = {mart.name: mart for mart in built}
    for name in names:
        if name not in found:
            raise OarsError(f"{name} is not built yet: run `dbt run` first.")
        if is_by_course and not found[name].is_of_courses:
            raise OarsError(f"{name} is not of courses: export it without --course.")
    return [found[name] for name in names]


def _select(client: Client, mart: Mart, form: str, courses: list[str]) -> str:
    """The rows in the order of the mart's key, and then of all columns."""
    place: dict[str, Any] = {"database": mart.database, "name": mart.name}
    listed = ", ".join(map(name_of, mart.columns))
    [(key,)] = client.query(SORTING_KEY, parameters=place).result_rows
    order = f"{key}, {listed}" if key else listed
    where = " where course_key in {courses:Array(String)}" if courses else ""
    return (
        f"select {listed} from {qualified(mart.database, mart.name)}{where} order by {order}"
        f"{SETTINGS[form]}"
    )
