"""What Superset's own parsers are given: SQL of a bounded size, and no template of a reader.

Superset reads custom SQL and renders its templates before there is a query that the guard could
look at. Two settings of Superset's own reach all places where it does so:

- SQLGLOT_DIALECTS_EXTENSIONS: `dialect()` bounds each text that Superset has sqlglot read, and what
  one request makes it read.
- CUSTOM_TEMPLATE_PROCESSORS: `template_processor()` renders what an author of datasets wrote, and
  nothing else: no text that came with a reader's request.

Two more places have no setting. To see whether a query depends on who asks, Superset looks for
macros by an expression that takes hours on a text made for it: `look_for_macros_in_time()`. The
driver has such a one for errors, which repeat what a reader wrote: `read_errors_in_time()`.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.runtime import DebugUndefined
from jinja2.sandbox import SandboxedEnvironment
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from oars_superset.guard import Refused, Word, check_characters, check_size
from oars_superset.readers import may_write

# The greatest of the shipped charts comes to 1,500: Superset reads a dataset's SQL several times.
MOST_WORDS_OF_A_REQUEST = 20_000

NOT_UNDERSTOOD = "The query cannot be understood, so it is not sent."
NO_TEMPLATES = (
    "Templates are for those who write datasets: put this one into a dataset's column or metric."
)
# Not all that ends so: LINESTRING is a type.
_VALUES = frozenset(kind for kind in TokenType if f"_{kind.name}".endswith(("_STRING", "_NUMBER")))
_NOT_WITHIN_BLANKS = r"(?<!\s)"
_TEMPLATE = re.compile(r"\{[{%#]")
# What makes much of little. Columns and metrics are lists of names and values: nobody misses it.
_OPERATORS = ("*", "**", "%")
_FILTERS = ("batch", "center", "format", "indent", "pprint", "tojson", "truncate", "wordwrap")
_METHODS = ("center", "expandtabs", "ljust", "rjust", "to_bytes", "translate", "zfill")

# Gives what Superset is to raise, with the reason as its message.
Refusal = Callable[..., Exception]


def dialect(base: Any, refusal: Refusal) -> type[Dialect]:
    """The dialect that reads no text which could keep it busy."""
    parent = type(Dialect.get_or_raise(base))

    class Bounded(parent):  # type: ignore[misc, valid-type]
        """A dialect with a look at the size before it parses."""

        def parse(self, sql: str, **options: Any) -> list[exp.Expression | None]:
            """Parse; raise the refusal of a text that is too long or nested too deep."""
            try:
                _count(check_text(sql, self))
                trees: list[exp.Expression | None] = super().parse(sql, **options)
            except Refused as error:
                raise refusal(str(error)) from error
            except RecursionError as error:
                raise refusal("The query is nested too deep.") from error
            except SqlglotError:
                raise  # Superset says where.
            except Exception as error:  # Whatever a parser does on odd text.
                raise refusal(NOT_UNDERSTOOD) from error
            return trees

    return Bounded


def check_text(sql: str, dialect: Dialect | None = None) -> int:
    """Give how many words a text has; raise Refused if it is too long or nested too deep."""
    check_characters(sql)
    dialect = dialect or Dialect.get_or_raise("clickhouse")
    try:
        tokens = dialect.tokenize(sql)
    except SqlglotError as error:
        raise Refused(NOT_UNDERSTOOD) from error
    return check_size(_words(dialect, tokens))


def _words(dialect: Dialect, tokens: list[Token]) -> Iterator[Word]:
    """The words as sqlglot's parser sees them: what it takes for a type is one."""
    types = dialect.parser_class.TYPE_TOKENS
    keywords = dialect.tokenizer_class.KEYWORDS
    for token in tokens:
        kind = token.token_type
        is_type = kind in types or keywords.get(token.text.upper()) in types
        is_value = kind in _VALUES
        yield Word("" if is_value else token.text, is_type and not is_value)


def _count(words: int) -> None:
    """Add to what this request had Superset read. Raises Refused if it is too much."""
    from flask import g, has_request_context

    if not has_request_context():
        return
    g.oars_words = getattr(g, "oars_words", 0) + words
    if g.oars_words > MOST_WORDS_OF_A_REQUEST:
        raise Refused("The request has too much SQL of its own for the dashboards.")


class Sandbox(SandboxedEnvironment):
    """Jinja's own sandbox, without what makes a long text out of a short one."""

    intercepted_binops = frozenset(_OPERATORS)

    def __init__(self, **options: Any) -> None:
        """Take away the global functions, range() among them, and filters that pad."""
        super().__init__(**options)
        self.globals.clear()
        for name in _FILTERS:
            del self.filters[name]

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Raise: there is no product, no power and no format."""
        raise SecurityError(f"Templates have no {operator}.")

    def wrap_str_format(self, value: Any) -> None:
        """Raise for the methods format() and format_map() of a text."""
        if super().wrap_str_format(value):
            raise SecurityError("Templates have no format().")

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may have the attribute."""
        return attr not in _METHODS and super().is_safe_attribute(obj, attr, value)


def template_processor(
    parent: Any, is_guarded: Callable[[Any], bool], refusal: Refusal
) -> type[Any]:
    """The processor of templates that renders those of authors of datasets only."""

    class OfAuthors(parent):  # type: ignore[misc]
        """A processor that looks at who wrote the template."""

        def set_context(self, **options: Any) -> None:
            """Render in the sandbox; Superset's macros are given it too."""
            if is_guarded(self._database):
                self.env = Sandbox(undefined=DebugUndefined)
            super().set_context(**options)

        def process_template(self, sql: str, **options: Any) -> str:
            """Render; raise the refusal of a reader's template, and of a result too long."""
            if not is_guarded(self._database):
                return str(super().process_template(sql, **options))
            if not isinstance(sql, str):
                raise refusal("SQL is a text.", 400)
            if _TEMPLATE.search(sql):
                # Who may write datasets could store it as well.
                if not (is_stored(sql, self._table) or may_write("Dataset")):
                    raise refusal(NO_TEMPLATES)
                sql = super().process_template(sql, **options)
            try:  # A request can ask for another dialect, which does not look by itself.
                check_text(sql)
            except Refused as error:
                raise refusal(str(error)) from error
            return sql

    return OfAuthors


def is_stored(template: str, dataset: Any) -> bool:
    """Whether a dataset or a rule of row-level security has the text: then no reader wrote it."""
    from superset import db
    from superset.connectors.sqla.models import RowLevelSecurityFilter, SqlaTable

    if not isinstance(dataset, SqlaTable):
        return False
    texts = {dataset.sql, (dataset.sql or "").strip("\t\r\n; "), dataset.fetch_values_predicate}
    texts |= {each.expression for each in (*dataset.columns, *dataset.metrics)}
    if template in texts:
        return True
    rules = db.session.query(RowLevelSecurityFilter.id).filter_by(clause=template)
    return rules.first() is not None


def look_for_macros_in_time() -> None:
    """Let Superset look for the names of its macros only; more than it needs may be found.

    If it finds one it computes what the query depends on. Raises RuntimeError if its expression is
    not what it was.
    """
    from superset.jinja_context import ExtraCache

    names = re.findall(r"(\w+)\\\(", ExtraCache.regex.pattern)
    if "current_username" not in names:
        raise RuntimeError("Superset looks for its macros in another way: see limits.py.")
    ExtraCache.regex = re.compile(rf"(?:{'|'.join(names)})\(")


def read_errors_in_time() -> None:
    """Let the driver look for a server's version at the beginning of blanks, not at each of them.

    Raises RuntimeError if its expression is not what it was.
    """
    from clickhouse_connect.driver import exceptions

    pattern = exceptions._version_trailer_re.pattern.removeprefix(_NOT_WITHIN_BLANKS)
    if not pattern.startswith(r"\s*\("):
        raise RuntimeError("The driver reads errors in another way: see limits.py.")
    exceptions._version_trailer_re = re.compile(_NOT_WITHIN_BLANKS + pattern)
