"""What Superset keeps of requests, in its own database and in its caches: bounded.

- Permalinks, and filters and charts in the making where their cache is Superset's database: so
  many a day of each user. How long one is `__init__.py` bounds.
- The log has for each request all that was sent. `?explode=x` makes a record of each entry of the
  list x: a request of 1 MB took 40 s.
- Answers are kept in the cache for what is asked again, and that is no long download.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from oars_superset.work import bytes_of, wrap

MOST_OF_A_DAY = 500  # that one user has kept
MOST_RECORDS = 1_000  # of a request: so many events are sent by a browser at once
LONGEST_RECORDS = 100_000  # characters of all of them
LARGEST_ANSWER = 2_000_000  # bytes in memory; a table of 1,000 rows takes 1 MB


def bound_what_is_kept() -> None:
    """Wrap Superset's functions."""
    from superset.common.utils.query_cache_manager import QueryCacheManager
    from superset.daos.key_value import KeyValueDAO
    from superset.utils.log import DBEventLogger

    wrap(KeyValueDAO, "create_entry", _counted)
    wrap(DBEventLogger, "log", _short)
    wrap(QueryCacheManager, "set", _small)


def _counted(do: Any) -> Any:
    def create_entry(*arguments: Any, **options: Any) -> Any:
        from superset import db
        from superset.key_value.models import KeyValueEntry
        from superset.utils.core import get_user_id
        from werkzeug.exceptions import BadRequest

        if user := get_user_id():
            of_user = db.session.query(KeyValueEntry).filter_by(created_by_fk=user)
            since = datetime.now() - timedelta(days=1)
            if of_user.filter(KeyValueEntry.created_on > since).count() >= MOST_OF_A_DAY:
                # Of this class, for Superset answers 500 to all others here.
                raise BadRequest(f"You can make {MOST_OF_A_DAY} links a day: try again tomorrow.")
        return do(*arguments, **options)

    return create_entry


def _short(do: Any) -> Any:
    def log(self: Any, *arguments: Any, records: Any = (), **options: Any) -> None:
        if not _is_short(records):
            records = [{"left_out": "too long, or no list of objects"}]
        do(self, *arguments, records=records or [{}], **options)  # of none it would take them all

    return log


def _is_short(records: Any) -> bool:
    if not isinstance(records, list) or len(records) > MOST_RECORDS:
        return False
    try:
        text = json.dumps(records, default=str)
    except (RecursionError, TypeError, ValueError):
        return False
    return len(text) <= LONGEST_RECORDS and all(isinstance(each, dict) for each in records)


def _small(do: Any) -> Any:
    def keep(key: Any, value: dict[str, Any], *arguments: Any, **options: Any) -> None:
        if bytes_of(value["df"]) <= LARGEST_ANSWER:
            do(key, value, *arguments, **options)

    return keep
