"""Identities are planted wherever a statement or a row of the LMS has a text; none comes out.

Each planted identity has a word or a number of its own, so that what is found says where it came
from. planted_identities.py has the forms; identities_may_stay.yml the places where one may stay.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import clickhouse_connect
import pytest
import yaml

import xapi_corpus as corpus
from oars_site import PROJECT, WITHOUT_TESTS, Site
from planted_identities import ACTORS, FORMS, Form, filled
from xapi_corpus import id_of

MAY_STAY: dict[str, str] = (
    yaml.safe_load(PROJECT.joinpath("tests/python/identities_may_stay.yml").read_text()) or {}
)
PLANTED = [form for form in FORMS if not form.is_hopeless]
# Of each text of a statement so many are made, with the next forms in turn.
PLANTS_IN_A_TEXT = 4
# A word or number that only plants have, whatever stands between its digits.
WHO = re.compile(r"zq[0-9a-z]{5}")
DIGITS = re.compile("48" + r"[^0-9a-z]{0,3}([0-9])" * 5)
# Seven digits in a pseudonym, a hash or a measured time are there by chance.
CHANCE = re.compile(r"(?<![0-9a-z])(?=[0-9]*[a-f])[0-9a-f]{10,64}|[0-9][.][0-9]{10,}|[0-9]{17,}")
ANY = "zq[0-9a-z]{5}|4[^0-9a-z]{0,3}8([^0-9a-z]{0,3}[0-9]){5}"
TEXTS = "like '%String%' or type like '%Map%' or type like '%Tuple%' or type like '%JSON%'"


# Keys of a course and a block, with an identity as one part.
KEYS_OF_STATEMENTS = [
    ("course-v1:{}+X+1", "block-v1:{}+X+1+type@problem+block@p"),
    ("course-v1:Org+{}+1", "block-v1:Org+{}+1+type@problem+block@p"),
    ("course-v1:Org+X+{}", "ccx-block-v1:Org+X+{}+ccx@1+type@problem+block@p"),
    ("course-v1:{}", "block-v1:Org+X+1+type@problem+block@{}"),
    ("ccx-v1:Org+{}+1+ccx@1", "block-v1:Org+X+1+type@{}+block@p"),
    ("library-v1:{}+X", "lib-block-v1:{}+X+type@problem+block@p"),
    ("{}/X/1", "i4x://{}/X/problem/p"),
    ("Org/X/{}", "i4x://Org/X/problem/{}"),
    ("Org/{}/1", "lb:{}:X:problem:p"),
    ("Org/{}", "lb:Org:X:problem:{}"),
]
PARENT = ("context", "contextActivities", "parent", 0, "id")
OBJECT = ("object", "id")
PROBLEM_CASE = "problem_check (server, one question), full"


@dataclass(frozen=True)
class Plant:
    """An identity, where it was put, and what of it gives the person away."""

    text: str
    where: str
    found: tuple[str, ...]


class Garden:
    """Makes plants, each with its own word and number, and finds them again."""

    def __init__(self) -> None:
        self.numbers = count()
        self.forms = count()
        self.by_word: dict[str, Plant] = {}

    def words(self) -> tuple[str, str]:
        number = next(self.numbers)
        return f"zq{number:05d}", f"48{number:05d}"

    def plant(self, where: str, form: Form | None = None) -> str:
        form = form or PLANTED[next(self.forms) % len(PLANTED)]
        who, digits = self.words()
        found = tuple(filled(each, who, digits).lower() for each in form.found)
        plant = Plant(filled(form.text, who, digits), f"{where}: {form.name}", found)
        self.by_word[who] = self.by_word[digits] = plant
        return plant.text

    def all(self) -> list[Plant]:
        return list(self.by_word.values())

    def found_in(self, text: str) -> Iterator[Plant]:
        lower = CHANCE.sub("", text.lower())
        for match in (*WHO.finditer(lower), *DIGITS.finditer(lower)):
            word = match[0] if match[0].startswith("zq") else "48" + "".join(match.groups())
            plant = self.by_word.get(word)
            if plant and any(each in lower for each in plant.found):
                yield plant


def texts_in(tree: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """The path of each text in a statement."""
    if isinstance(tree, str):
        yield path
    elif isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from texts_in(value, *path, key)


def put(tree: Any, path: tuple[Any, ...], text: str, is_added: bool) -> Any:
    """The statement with another text at the path, or with one more word there."""
    if not path:
        return f"{tree} {text}" if is_added else text
    changed = dict(tree) if isinstance(tree, dict) else list(tree)
    changed[path[0]] = put(tree[path[0]], path[1:], text, is_added)
    return changed


def statements(garden: Garden) -> Iterator[tuple[str, str, bytes]]:
    """Every shape with an identity in every text, as the whole of it and beside what is there."""

    def sent(name: str, body: dict[str, Any]) -> tuple[str, str, bytes]:
        return id_of(name), "2026-03-01 10:15:30.123456", json.dumps(body).encode()

    for case in corpus.SHAPE_CASES:
        body = json.loads(case.body)
        for path in texts_in(body):
            for number in range(PLANTS_IN_A_TEXT):
                where = f"{case.name}, {'.'.join(map(str, path))} {number}"
                changed = put(body, path, garden.plant(where), is_added=number % 2 == 0)
                changed["id"] = changed["id"] if path == ("id",) else id_of(where)
                yield sent(where, changed)
    body = json.loads(corpus.SHAPE_CASES[0].body)
    for name, actor in ACTORS:
        who, digits = garden.words()
        garden.by_word[who] = Plant(who, f"actor: {name}", (who,))
        yield sent(name, body | {"id": id_of(name), "actor": filled(actor, who, digits)})
    problem = json.loads(
        next(case.body for case in corpus.SHAPE_CASES if case.name == PROBLEM_CASE)
    )
    # Of a number a key may consist: see macros/parser/impersonal.sql.
    addresses = [
        form for form in PLANTED if not any("d[" in each or "digits" in each for each in form.found)
    ]
    for row, form in enumerate(addresses):
        for column, keys in enumerate(KEYS_OF_STATEMENTS):
            where = " and ".join(keys)
            course, block = (each.format(garden.plant(where, form)) for each in keys)
            # In the path of a URL as browsers write it, and as it is.
            if (row + column) % 2:
                course, block = quote(course), quote(block)
            changed = put(problem, PARENT, f"{corpus.LMS}/course/{course}", is_added=False)
            changed = put(changed, OBJECT, f"{corpus.LMS}/xblock/{block}", is_added=False)
            yield sent(f"{where} {row}", changed | {"id": id_of(f"{where} {row}")})
    for form in PLANTED:
        text = garden.plant(f"no JSON: {form.name}", form)
        yield id_of(text), "2026-03-01 10:15:30.123456", f"no JSON, but {text}".encode()


# What the tables of the LMS know rows by, and the times, which are no texts.
KEYS_OF_THE_LMS = {
    "course_key": "'course-v1:Org+C{n}+R'",
    "location": "'block-v1:Org+C{n}+R+type@problem+block@p{n}'",
    "dump_id": "generateUUIDv4()",
    "user_id": "{n}",
    "id": "{n}",
    "external_id_type": "'xapi'",
    "time_last_dumped": "'2026-03-01 00:00:00'",
}
TIME = re.compile("created|modified|edited_on|(course|enrollment)_(start|end)")
NAMES_IN_JSON = ("language", "block_type", "completion_mode")


def rows_of_the_lms(site: Site, garden: Garden) -> Iterator[str]:
    """Inserts of rows with an identity in every text that is no key, also inside of JSON."""
    columns: dict[str, dict[str, str]] = {}
    for row in site.query(
        "select table, name, type from system.columns where database = 'event_sink'"
    ):
        columns.setdefault(row["table"], {})[row["name"]] = row["type"]
    numbers = count(1)
    for table, types in columns.items():
        keys = {name: value for name, value in KEYS_OF_THE_LMS.items() if name in types}
        for name in types:
            if name in keys or "String" not in types[name] or TIME.fullmatch(name):
                continue
            for form in PLANTED[:: len(PLANTED) // 40]:
                text = garden.plant(f"event_sink.{table}.{name}", form)
                if name.endswith("_json"):
                    text = json.dumps(dict.fromkeys(NAMES_IN_JSON, text))
                quoted = text.replace("\\", "\\\\").replace("'", "\\'")
                values = ", ".join(keys.values()).format(n=next(numbers))
                yield (
                    f"insert into event_sink.{table} ({', '.join(keys)}, {name}) "
                    f"select {values}, '{quoted}'"
                )


@dataclass
class Planted:
    """A site that was built from statements and rows with identities."""

    site: Site
    garden: Garden


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    site = Site(tmp_path_factory.mktemp("privacy"))
    garden = Garden()
    assert site.oars("init").code == 0
    site.insert(statements(garden))
    site.execute(*rows_of_the_lms(site, garden))
    built = site.dbt("build", *WITHOUT_TESTS)
    assert built.code == 0, built.out
    return Planted(site, garden)


def suspects(folder: Path) -> Iterator[tuple[str, str]]:
    """Column and text, of every different text in the project's databases that may have a plant."""
    # The engine in this process: it is opened once for all relations.
    client = clickhouse_connect.get_client(interface="chdb", path=str(folder))
    columns = client.query(
        "select database || '.' || table, groupArray((database || '.' || table || '.' || name, "
        "name)) from system.columns "
        # What the parser gives is what base has.
        f"where startsWith(database, 'oars') and table != 'base_xapi__parsed_statements' "
        f"and (type {TEXTS}) group by 1"
    ).result_rows
    for relation, names in columns:
        pairs = ", ".join(f"('{place}', toString(`{name}`))" for place, name in names)
        found = client.query(
            "select distinct place, text from ("
            f"select pair.1 as place, coalesce(pair.2, '') as text from {relation} "
            f"array join [{pairs}] as pair) where match(lower(text), '{ANY}')"
        )
        yield from ((str(place), str(text)) for place, text in found.result_rows)
    client.close()


def test_no_identity_is_in_any_relation(planted: Planted) -> None:
    found: dict[str, list[str]] = {}
    for place, text in suspects(planted.site.data):
        for plant in planted.garden.found_in(text):
            found.setdefault(place, []).append(f"{plant.where} -> {text}")
    assert {place: hits[:5] for place, hits in found.items() if place not in MAY_STAY} == {}
    # The list may only shrink.
    assert MAY_STAY.keys() <= found.keys()


def test_no_identity_is_in_what_dashboards_read(planted: Planted) -> None:
    """The snapshot, through each of Superset's datasets."""
    site, garden = planted.site, planted.garden
    published = site.oars("publish")
    assert published.code == 0, published.err
    snapshot = (site.folder / "chdb_published" / "current").resolve()
    client = clickhouse_connect.get_client(interface="chdb", path=str(snapshot))
    found = {}
    datasets = sorted((PROJECT / "superset" / "assets" / "datasets").rglob("*.yaml"))
    for file in datasets:
        dataset = yaml.safe_load(file.read_text())
        rows = dataset["sql"] or f"select * from {dataset['schema']}.{dataset['table_name']}"
        texts = client.query(
            f"select distinct formatRowNoNewline('TSV', *) as text from ({rows}) "
            f"where match(lower(text), '{ANY}')"
        ).result_rows
        plants = [plant.where for (text,) in texts for plant in garden.found_in(text)]
        found[file.name] = plants[:5]
    client.close()
    assert len(datasets) > 30
    assert {name: plants for name, plants in found.items() if plants} == {}


def test_no_identity_is_in_what_is_written_or_said(planted: Planted) -> None:
    """Logs, what dbt compiled, the report, the status, and what a load says of its rejects."""
    site = planted.site
    lines = [json.dumps({"who": plant.text}).encode() for plant in planted.garden.all()]
    # Each line is rejected, and stands in the rejects file as it is: for its owner alone.
    loaded = site.oars("load", "-", "--rejects", "rejects.ndjson", stdin=b"\n".join(lines))
    assert oct((site.folder / "rejects.ndjson").stat().st_mode & 0o777) == "0o600"
    assert "no_id" in loaded.out
    said = [site.oars("report"), site.oars("status")]
    assert [run.code for run in said] == [0, 0]
    said.append(loaded)
    texts = {"report and status": "".join(run.out + run.err for run in said)}
    for folder in ("target", "logs"):
        for file in (site.folder / folder).rglob("*"):
            if file.is_file():
                texts[str(file)] = file.read_bytes().decode(errors="replace")
    found = {
        name: [plant.where for plant in planted.garden.found_in(text)]
        for name, text in texts.items()
    }
    assert {name: hits[:5] for name, hits in found.items() if hits} == {}


def test_long_answer_in_any_script_is_masked_in_time(planted: Planted) -> None:
    """Marks end a sentence, and some of them a part of a host: from each word only a few are read.

    Where the mask reads on to the end of the text from each word, this takes half an hour.
    """
    words = [f"a{mark}" for mark in "、。，．！？；：「」（）｡․﹒"]  # noqa: RUF001
    words += ["\\\\:", "a\u3000at\u3000b。", "a-at-b。", "a+at+b\uff0e", '"name":{', '"name":[']
    sent = {}
    for word in words:
        case = next(case for case in corpus.SHAPE_CASES if b'"response"' in case.body)
        body = json.loads(case.body) | {"id": id_of(f"many {word}")}
        body["result"]["response"] = f"ann@example.org {word[-1]} " + word * 100_000
        sent[body["id"]] = json.dumps(body).encode()
    planted.site.insert((id_, "2026-03-01 10:15:30", body) for id_, body in sent.items())
    rows = planted.site.query(
        "select countIf(startsWith(response, '*** ')) as masked, count() as all_of_them from "
        f"oars_staging.base_xapi__parsed_statements where event_id in {tuple(sent)}"
    )
    assert [(int(row["masked"]), int(row["all_of_them"])) for row in rows] == [
        (len(sent), len(sent))
    ]
