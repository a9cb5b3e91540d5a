"""What Superset's configuration needs to show the marts: `protect(globals())`."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from oars_superset.readers import name_nobody, refusal

# The database that a connection is being made for: DB_CONNECTION_MUTATOR is not told.
_database: ContextVar[Any] = ContextVar("oars_database", default=None)

LONGEST_REQUEST = 1_000_000  # bytes
# What Superset keeps for a reader, in memory or in its database; 2,000 values fit twice.
LONGEST_LINK = 500_000
OF_FILES = re.compile(
    r"/api/v1/(assets|chart|dashboard|database|dataset|saved_query|theme)/import/?"
)
OF_LINKS = re.compile(r"/(permalink|form_data|filter_state)\b")

DRIVERS = ("clickhousedb", "clickhouse")  # as addresses of databases name them


def protect(settings: dict[str, Any]) -> None:
    """Add to Superset's settings what keeps dashboards to the marts; what is set stays.

    Reads OARS_SCHEMAS, OARS_FUNCTIONS, OARS_UNGUARDED_DATABASES of the settings and
    OARS_PUBLISHED_PATH of the environment; superset_config.py says what they are.
    """
    flags = settings.get("FEATURE_FLAGS") or {}
    settings["FEATURE_FLAGS"] = {**flags, "ENABLE_TEMPLATE_PROCESSING": True}
    # Long downloads would be computed after the request, when nobody is known to be logged in.
    settings.setdefault("CSV_STREAMING_ROW_THRESHOLD", sys.maxsize)
    # The mutator narrows a query to the reader's rows. Superset may write it anew after that, and
    # alerts and estimates pass no mutator: the cursor (snapshot.py) has the last look.
    settings["SQL_QUERY_MUTATOR"] = _query_mutator(settings, settings.get("SQL_QUERY_MUTATOR"))
    settings["DB_CONNECTION_MUTATOR"] = _connection_mutator(
        settings, settings.get("DB_CONNECTION_MUTATOR")
    )
    settings["ENGINE_CONTEXT_MANAGER"] = _context_manager(settings.get("ENGINE_CONTEXT_MANAGER"))
    settings["SQLGLOT_DIALECTS_EXTENSIONS"] = _dialects(settings.get("SQLGLOT_DIALECTS_EXTENSIONS"))
    settings["FLASK_APP_MUTATOR"] = _app_mutator(settings, settings.get("FLASK_APP_MUTATOR"))


def _is_guarded(settings: dict[str, Any], database: Any, backend: str) -> bool:
    name = database.database_name if database else None
    return backend.startswith("clickhouse") and name not in settings.get(
        "OARS_UNGUARDED_DATABASES", ()
    )


def _is_guarded_database(settings: dict[str, Any], database: Any) -> bool:
    return _is_guarded(settings, database, database.backend)


def _schemas(settings: dict[str, Any]) -> tuple[str, ...]:
    from oars_superset.guard import ALLOWED_SCHEMAS

    return tuple(settings.get("OARS_SCHEMAS", ALLOWED_SCHEMAS))


def _guarded(
    settings: dict[str, Any],
    sql: str,
    default_schema: str | None,
    database: Any,
    may_change: bool = False,
) -> str:
    """The query over the current user's rows; refused if it is not, and may not be changed.

    What may be changed is written anew from the tree that was checked.
    """
    from oars_superset.guard import Refused, check
    from oars_superset.rows import own_rows

    functions = frozenset(name.lower() for name in settings.get("OARS_FUNCTIONS", ()))
    try:
        tree = check(sql, _schemas(settings), default_schema, functions)
        own = own_rows(tree, database)
        if own is not tree and not may_change:
            raise Refused("The query cannot be kept to your rows: write it in a simpler way.")
    except Refused as error:
        raise refusal(str(error)) from error
    return own.sql("clickhouse", comments=False) if may_change else sql


def _query_mutator(
    settings: dict[str, Any], chained: Callable[..., str] | None
) -> Callable[..., str]:
    def mutate(sql: str, **options: Any) -> str:
        database = options.get("database")
        if database is not None and _is_guarded(settings, database, database.backend):
            # In which schema a bare name is, only the connection knows: the cursor looks at that.
            sql = _guarded(settings, sql, _schemas(settings)[0], database, may_change=True)
        return chained(sql, **options) if chained else sql

    return mutate


def _connection_mutator(
    settings: dict[str, Any], chained: Callable[..., Any] | None
) -> Callable[..., Any]:
    def mutate(
        uri: Any, params: dict[str, Any], username: str | None, security_manager: Any, source: Any
    ) -> tuple[Any, dict[str, Any]]:
        if chained:
            uri, params = chained(uri, params, username, security_manager, source)
        database, backend = _database.get(), uri.get_backend_name()
        if not _is_guarded(settings, database, backend):
            return uri, params
        if backend != "clickhousedb":
            raise ValueError(
                f"The guard does not know the driver of {backend}://: use clickhousedb://, or name "
                "the database in OARS_UNGUARDED_DATABASES."
            )

        from oars_superset.snapshot import dbapi

        params["module"] = dbapi(
            lambda sql, schema: _guarded(settings, sql, schema, database),
            os.environ.get("OARS_PUBLISHED_PATH"),
        )
        return uri, params

    return mutate


def _context_manager(chained: Callable[..., Any] | None) -> Callable[..., Any]:
    @contextmanager
    def manage(database: Any, catalog: str | None, schema: str | None) -> Iterator[None]:
        token = _database.set(database)
        try:
            if chained:
                with chained(database, catalog, schema):
                    yield
            else:
                yield
        finally:
            _database.reset(token)

    return manage


def _dialects(chained: Any) -> Callable[[], dict[str, Any]]:
    """ClickHouse's dialect with bounds, for both of its drivers."""

    def extensions() -> dict[str, Any]:
        from oars_superset.limits import dialect

        given = (chained() if callable(chained) else chained) or {}
        own = {name: dialect(given.get(name, "clickhouse"), refusal) for name in DRIVERS}
        return {**given, **own}

    return extensions


def _bound_templates(settings: dict[str, Any], app: Any) -> None:
    from superset.jinja_context import JinjaTemplateProcessor, get_template_processors

    from oars_superset.limits import (
        look_for_macros_in_time,
        read_errors_in_time,
        template_processor,
    )

    is_guarded = partial(_is_guarded_database, settings)
    given = app.config["CUSTOM_TEMPLATE_PROCESSORS"]
    own = {
        name: template_processor(given.get(name, JinjaTemplateProcessor), is_guarded, refusal)
        for name in DRIVERS
    }
    app.config["CUSTOM_TEMPLATE_PROCESSORS"] = {**given, **own}
    get_template_processors.cache_clear()
    look_for_macros_in_time()
    read_errors_in_time()


def _refuse_long() -> Any:
    from flask import request

    # Files to import are not for readers.
    if OF_FILES.fullmatch(request.path):
        return None
    longest = LONGEST_LINK if OF_LINKS.search(request.path) else LONGEST_REQUEST
    request.max_content_length = longest  # also of a body that does not say its length
    if (request.content_length or 0) > longest:
        return {"message": "The request is too long for the dashboards."}, 413
    return None


def _app_mutator(
    settings: dict[str, Any], chained: Callable[..., None] | None
) -> Callable[..., None]:
    """Bound templates, requests and what is made of them; tell readers of nobody."""

    def mutate(app: Any) -> None:
        from oars_superset.kept import bound_what_is_kept
        from oars_superset.oldest import close_oldest
        from oars_superset.work import bound_work

        if chained:
            chained(app)
        _bound_templates(settings, app)
        bound_work(partial(_is_guarded_database, settings))
        bound_what_is_kept()
        close_oldest()
        app.before_request(_refuse_long)
        app.after_request(name_nobody)

    return mutate
