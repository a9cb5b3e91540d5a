"""What a ClickHouse query sent by Superset may be: one SELECT over the marts, and nothing else.

ClickHouse has hundreds of functions that read files, other servers, dictionaries and settings, and
gets more with each version, so the guard is a list of what is allowed. A query passes two nets:

1. The text. It is cut into tokens by rules on which all ClickHouse parsers agree; whatever they
   could read differently (`{`, `$`, `#`, backslashes in names, other alphabets outside quotes) is
   refused. Every name before a bracket has to be in functions.txt, wherever it stands: that leaves
   no table function, in no place. functions.txt was made from the engine's own list; it leaves out

   - whatever reads something that is not a row of the query's tables: dictionaries (dictGet...,
     region...), tables (joinGet, hasColumnInTable), files (file, filesystem...), models
     (evalMLMethod, naiveBayesClassifier, catboostEvaluate, ai...), settings, the server, the
     session and the machine (getSetting, getMacro, currentUser, hostName, tcpPort, version,
     uptime, showCertificate and their like), stack traces and symbols (addressToLine, flameGraph);
   - what names a table by a text or by its second argument: in(), notIn() and their kin;
   - what a limit of time does not stop, for one row or block of it runs to its end (edit distances,
     n-grams, searches without regard to case in UTF-8), and what makes long texts for it (repeat,
     lpad, printf, arrayResize);
   - what takes the name of a function as a text (arrayReduce): it would have any;
   - what only waits or fails (sleep, throwIf), internal names (__...), random numbers and ids,
     geometry, encryption, prometheus: nothing that a dashboard of courses asks for.

2. The tree, as sqlglot reads it with ClickHouse's grammar: one query; each relation named, of an
   allowed schema or defined by the query's own `with`; no settings, no format; `in` with a list of
   values or a sub-query only, since ClickHouse would take a name there for a table; no function
   that is given a name; no type that is named by a text; no `with` of which the two might disagree
   where its names hold.

What cannot be read is refused. Before sqlglot reads a text its length, its words and how deep it is
nested are bounded: nothing of 10,000 characters takes it half a second (`make fuzz`).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import sqlglot
from sqlglot import exp

ALLOWED_SCHEMAS = ("oars", "oars_pii")
# The functions of the rule of row-level security (apply.py), its operators among them.
# ClickHouse looks for a function among the names that a query gives first, also from within the
# sub-query that rows.py writes: `(x -> 'me') as unhex` would satisfy the rule on every row.
RULE_FUNCTIONS = frozenset({"unhex", "and", "equals", "in", "notequals"})
# What a parser may be given to read. Filters by long lists of values come to some thousands of
# characters, and their values and commas do not count as words; a chart's query has some hundreds.
LONGEST_QUERY = 200_000  # characters
MOST_WORDS = 2_000
DEEPEST = 40  # brackets of any kind within each other
DEEPEST_TYPES = 4  # sqlglot reads `tuple(tuple(...))` in a time that doubles with each level
OPENING, CLOSING = ("(", "[", "{"), (")", "]", "}")
# The driver looks for a LIMIT, a parameter and a comment from each place where one could begin, in
# texts too, to the end of the query: more of these would freeze the whole server.
MOST_BLANKS = 100  # in a row
MOST_OF_A_MARK = 100
MARKS = ("{", "%(", "/*", "$")

FUNCTIONS = frozenset((Path(__file__).parent / "functions.txt").read_text().split())
COMBINATORS = """
    ordefault distinct resample foreach simplestate argmax argmin ornull tuple merge state array
    null map if
"""
TYPES = """
    array bool char date date32 datetime datetime32 datetime64 decimal decimal32 decimal64
    decimal128 decimal256 enum enum8 enum16 fixedstring float32 float64 int8 int16 int32 int64
    int128 int256 lowcardinality map nullable numeric string time time64 tuple uint8 uint16 uint32
    uint64 uint128 uint256 uuid varchar
"""
# Words that can stand before a bracket without calling anything.
KEYWORDS = """
    all and as asc between by case cast cross cube desc distinct else end except exists extract
    filter from full grouping having ilike in inner intersect interval is join left like limit not
    offset on or order outer over partition prewhere qualify right rollup select semi sets then
    union using when where with within
"""
UNITS = "nanosecond microsecond millisecond second minute hour day week month quarter year"
# Clauses that no chart has and that change what a query may do or where its rows go.
REFUSED_WORDS = "apply explain format infile into outfile parallel settings"

# After these a WITH would hold for one SELECT to ClickHouse and for all that follow to sqlglot.
_SET_OPERATIONS = frozenset(["union", "intersect", "except", "all", "distinct"])
_COMBINATORS = COMBINATORS.split()
_TYPES, _KEYWORDS, _UNITS, _REFUSED_WORDS = (
    frozenset(words.split()) for words in (TYPES, KEYWORDS, UNITS, REFUSED_WORDS)
)

TOKEN = re.compile(
    r"""(?P<space>[ \t\n]|\r\n)
    |(?P<comment>--(?:(?!/\*|\*/)[^\r\n])*(?![^\r\n])|/\*(?![+!])(?:(?!/\*|\*/).)*\*/)
    |(?P<string>'(?:[^'\\]|\\.|'')*')
    |(?P<name>"[^"`\\\x00-\x1f]+"(?!["`])|`[^`\\\x00-\x1f]+`(?!["`]))
    |(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w'"`]))
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*(?!['"`]))
    |(?P<mark>->|::|\|\||!=|/(?!\*)|-(?!-)|[()\[\],.*+%=<>])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)

REFUSED_NODES = (
    exp.Aliases,
    exp.Apply,
    exp.Columns,
    exp.Command,
    exp.DDL,
    exp.DML,
    exp.Into,
    exp.Lateral,
    exp.Parameter,
    exp.Placeholder,
    exp.SessionParameter,
    exp.Unnest,
    exp.Values,
)


NO_LIST = "IN needs a list of values or a sub-query in brackets."


class Refused(Exception):
    """A query that is not sent, with the reason in one sentence."""


class Word(NamedTuple):
    """What a parser reads as one: its text, '' of a value; whether it names a type."""

    text: str
    is_type: bool


def check(
    sql: str,
    schemas: Collection[str] = ALLOWED_SCHEMAS,
    default_schema: str | None = None,
    functions: Collection[str] = (),
) -> exp.Query:
    """Give the query's tree; raise Refused unless the text is one SELECT over the schemas.

    A relation without a schema is in `default_schema`. `functions` are allowed besides those of
    functions.txt, in small letters.
    """
    check_characters(sql)
    sql = re.sub(r";\s*$", "", sql, flags=re.ASCII)
    tokens = list(_tokens(sql))
    check_size(_words(tokens))
    _check_text(tokens, functions)
    try:
        trees = sqlglot.parse(sql, read="clickhouse")
    except Exception as error:  # Its own errors, and whatever a parser does on odd text.
        raise Refused("The query cannot be understood, so it is not sent.") from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise Refused("Only one SELECT can be sent.")
    try:
        _check_words(tokens, trees[0])
        _check_tree(trees[0], schemas, default_schema, functions)
    except RecursionError as error:
        raise Refused("The query is nested too deep.") from error
    return trees[0]


def check_characters(sql: str) -> None:
    """Raise Refused if a text is too long, or would keep the driver busy."""
    if len(sql) > LONGEST_QUERY:
        raise Refused("The query is too long for the dashboards.")
    if re.search(rf"\s{{{MOST_BLANKS + 1}}}", sql):
        raise Refused("The query has too many blanks in a row for the dashboards.")
    for mark in MARKS:
        if sql.count(mark) > MOST_OF_A_MARK:
            raise Refused(f"The query has {mark} too often for the dashboards.")


def check_size(words: Iterable[Word]) -> int:
    """Give how many words there are, or raise Refused: too many, or nested too deep."""
    count, is_of_type = 0, False
    open_brackets: list[bool] = []  # whether each is of a type
    for text, is_type in words:
        count += text not in ("", ",")
        if text == "[" and is_of_type:
            raise Refused("A type has no square brackets: write Array(...), or a name in quotes.")
        if text in OPENING:
            open_brackets.append(is_of_type)
        elif text in CLOSING and open_brackets:
            open_brackets.pop()
        if count > MOST_WORDS:
            raise Refused("The query is too long for the dashboards.")
        if len(open_brackets) > DEEPEST or sum(open_brackets) > DEEPEST_TYPES:
            raise Refused("The query is nested too deep.")
        is_of_type = is_type
    return count


def _words(tokens: list[tuple[str, str]]) -> Iterator[Word]:
    for kind, text in tokens:
        is_value = kind in ("string", "number")
        yield Word("" if is_value else text, kind == "word" and text.lower() in _TYPES)


def _check_text(tokens: list[tuple[str, str]], functions: Collection[str]) -> None:
    before = ""
    for (kind, text), (_, following) in pairwise([*tokens, ("end", "")]):
        word = text.lower() if kind == "word" else ""
        if word in _REFUSED_WORDS:
            raise Refused(f"{text.upper()} is not allowed in queries of dashboards.")
        if word == "in" and following != "(":
            raise Refused(NO_LIST)
        if word == "with" and before in _SET_OPERATIONS:
            raise Refused("A WITH within a UNION has to stand in brackets.")
        # Also a name in quotes can be called, and `in`(x, t) reads the table t.
        name = text[1:-1] if kind == "name" else text
        if kind in ("name", "word") and (word not in _KEYWORDS or before == "as"):
            if following == "(" and not _may_be_called(name, functions):
                raise Refused(f"The function {name} is not allowed in queries of dashboards.")
            if following != "(" and name.lower() in RULE_FUNCTIONS:
                raise Refused(f"Nothing can be called {name} in queries of dashboards.")
        before = word


def _check_words(tokens: list[tuple[str, str]], tree: exp.Expression) -> None:
    """Each SELECT and FROM of the text is one of the tree: none was read as something else.

    `interval - k from as b, t` is an interval to sqlglot, and reads t to ClickHouse.
    """
    words = Counter(text.lower() for kind, text in tokens if kind == "word")
    comparisons = exp.NullSafeEQ, exp.NullSafeNEQ  # IS [NOT] DISTINCT FROM
    read = {
        "select": len(list(tree.find_all(exp.Select))),
        "from": len(list(tree.find_all(exp.From, exp.Extract, *comparisons))),
    }
    for word, count in read.items():
        if words[word] != count:
            raise Refused(f"The query cannot be understood at a {word.upper()}: write it simpler.")


def _tokens(sql: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of each token but blanks and comments."""
    position = 0
    while position < len(sql):
        match = TOKEN.match(sql, position)
        if not match or not match.lastgroup:
            raise Refused(
                f"The query cannot be understood at {sql[position : position + 20]!r}, "
                "so it is not sent."
            )
        position = match.end()
        if match.lastgroup not in ("space", "comment"):
            yield match.lastgroup, match.group()


def _may_be_called(name: str, functions: Collection[str]) -> bool:
    name = name.lower()
    if name in _TYPES or name in functions:
        return True
    while name not in FUNCTIONS:
        # An aggregate function with combinators: uniqExactIf, sumOrNullIf.
        suffix = next((suffix for suffix in _COMBINATORS if name.endswith(suffix)), "")
        if not suffix:
            return False
        name = name.removesuffix(suffix)
    return True


def _check_tree(
    tree: exp.Expression,
    schemas: Collection[str],
    default_schema: str | None,
    functions: Collection[str],
) -> None:
    for node in tree.walk():
        if isinstance(node, REFUSED_NODES):
            raise Refused("Only one SELECT over the marts can be sent.")
        if isinstance(node, exp.Query) and (node.args.get("settings") or node.args.get("format")):
            raise Refused("SETTINGS and FORMAT are not allowed in queries of dashboards.")
        if isinstance(node, exp.Anonymous) and not _may_be_called(node.name, functions):
            raise Refused(f"The function {node.name} is not allowed in queries of dashboards.")
        if isinstance(node, exp.Alias | exp.CTE) and isinstance(
            # sqlglot takes a lambda that stands in brackets for the arrow of JSON.
            node.this.unnest(),
            exp.Lambda | exp.JSONExtract | exp.JSONExtractScalar,
        ):
            raise Refused("A function cannot be given a name in queries of dashboards.")
        # AggregateFunction and its kin would be read from bytes that the query brings.
        if isinstance(node, exp.CastToStrType):
            raise Refused("CAST needs AS and the name of a type without quotes.")
        if isinstance(node, exp.Interval) and str(node.args.get("unit") or "").lower().removesuffix(
            "s"
        ) not in {"", *_UNITS}:
            raise Refused("An INTERVAL needs a unit, as in INTERVAL 1 DAY.")
        # ClickHouse takes `with "a.b" as (...)` for the table b of the schema a.
        if isinstance(node, exp.CTE) and not re.fullmatch(r"\w+", node.alias, re.ASCII):
            raise Refused("A name in WITH has to be of letters, digits and underscores.")
        if isinstance(node, exp.Table):
            _check_table(node, schemas, default_schema)
        elif isinstance(node, exp.Select):
            if not all(isinstance(each, exp.Table | exp.Subquery) for each in relations(node)):
                raise Refused("Only marts and sub-queries can be read.")
        elif isinstance(node, exp.In):
            _check_in(node)
        elif isinstance(node, exp.Exists) and not isinstance(node.this, exp.Query):
            raise Refused("EXISTS needs a sub-query.")


def relations(select: exp.Select) -> list[exp.Expression]:
    """What a SELECT reads from: tables and sub-queries, the first being that of FROM."""
    joins = [join.this for join in select.args.get("joins") or () if join.kind != "ARRAY"]
    source = select.args.get("from_") or select.args.get("from")  # by versions of sqlglot
    found = [source.this, *joins] if source else joins
    return [each.this if isinstance(each, exp.Final) else each for each in found]


def _check_table(table: exp.Table, schemas: Collection[str], default_schema: str | None) -> None:
    if not isinstance(table.this, exp.Identifier) or table.args.get("catalog"):
        raise Refused("Only marts and sub-queries can be read.")
    schema = table.db or default_schema
    if not table.db and is_defined_above(table):
        return
    if schema not in schemas:
        name = table.sql("clickhouse")
        raise Refused(f"{name} is not a mart: dashboards read {' and '.join(schemas)} only.")


def is_defined_above(table: exp.Table) -> bool:
    """Whether the name is one that a `with` around the table gives to a query.

    Within a `with` only what stands before counts: ClickHouse takes a later or its own name for a
    table.
    """
    node: exp.Expression | None = table
    while node is not None:
        parent = node.parent
        if isinstance(node, exp.CTE) and isinstance(parent, exp.With):
            defined = parent.expressions[: parent.expressions.index(node)]
            # The query that the `with` belongs to is looked at next: its later names do not count.
            if _gives_name(defined, table.name):
                return True
            node = parent.parent
            parent = node.parent if node else None
        elif isinstance(node, exp.Query) and _gives_name(node.ctes, table.name):
            return True
        node = parent
    return False


def _gives_name(definitions: list[exp.Expression], name: str) -> bool:
    return any(
        # `with (select 1) as x` names a value: a table of that name is still read.
        isinstance(definition.this, exp.Query)
        and not definition.args.get("scalar")
        and definition.alias == name
        for definition in definitions
    )


def _check_in(node: exp.In) -> None:
    if node.args.get("query"):
        return
    values = node.expressions
    if not values or node.args.get("field") or node.args.get("unnest"):
        raise Refused(NO_LIST)
    # `x in (t)` reads the table t. A list of values has no names.
    if any(value.find(exp.Column, exp.Star, exp.Dot) for value in values):
        raise Refused(NO_LIST)
