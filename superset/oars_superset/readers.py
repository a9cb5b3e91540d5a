"""Who asks, what readers are told when a request is refused, and what of people they are not told.

A reader is who may not write charts. Superset's lists of owners give names and e-mail addresses of
all to whoever may read charts: readers get an empty list, and no address in what they read.
"""

import json
import re
from typing import Any

PEOPLE = ("owners", "created_by", "changed_by")
OF_USERS = re.compile(r"^/api/v1/\w+/related/")
OF_DATA = re.compile(r"^/api/v1/chart/([^/]+/)?data")
WITH_OWNERS = re.compile(
    r"^/superset/fetch_datasource_metadata|^/datasource/get/"
    r"|^/api/v1/(chart|dashboard|dataset|explore)/"
)


def may_write(asset: str) -> bool:
    """Whether who asks may write charts ("Chart") or datasets ("Dataset"); nobody may not.

    To be called where it is known who asks: a token says it later than a session does.
    """
    from flask import g
    from superset import security_manager

    return bool(getattr(g, "user", None)) and security_manager.can_access("can_write", asset)


def refusal(reason: str, status: int = 403) -> Exception:
    """What to raise: Superset shows the message of this class, in charts and in SQL Lab."""
    from superset.errors import ErrorLevel, SupersetError, SupersetErrorType
    from superset.exceptions import SupersetSecurityException

    raised = SupersetSecurityException(
        SupersetError(
            message=reason,
            error_type=SupersetErrorType.QUERY_SECURITY_ACCESS_ERROR,
            level=ErrorLevel.ERROR,
        )
    )
    raised.status = status
    return raised  # type: ignore[no-any-return]


def name_nobody(response: Any) -> Any:
    """Take people out of what a reader is answered."""
    from flask import request

    # Data are long, and name nobody.
    if response.status_code != 200 or OF_DATA.search(request.path):
        return response
    if not may_write("Chart"):
        if OF_USERS.match(request.path):
            response.set_data('{"count": 0, "result": []}')
        elif WITH_OWNERS.match(request.path) and response.is_json:
            answer = response.get_json()
            _forget_people(answer)
            response.set_data(json.dumps(answer))
    return response


def _forget_people(answer: Any) -> None:
    """Take usernames and addresses of owners and editors out of an answer, at any depth."""
    left = [(answer, False)]
    while left:
        each, is_of_people = left.pop()
        if isinstance(each, list):
            left += [(value, is_of_people) for value in each]
        elif isinstance(each, dict):
            if is_of_people:
                each.pop("email", None)
                each.pop("username", None)
            left += [(value, is_of_people or key in PEOPLE) for key, value in each.items()]
