"""Superset on this machine only: `make dashboards`. Not for a server that others reach.

Everything it writes is in the git-ignored folder .oars/superset, or in OARS_SUPERSET_HOME.
"""

import os
import secrets
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))

from oars_superset import protect

HOME = Path(
    os.environ.get("OARS_SUPERSET_HOME", Path(__file__).resolve().parents[1] / ".oars/superset")
)
# Superset's own database has who may see what: nobody else looks. What is there already, as a log
# that `make` has just opened, is tightened.
os.umask(0o077)
HOME.mkdir(parents=True, exist_ok=True)
HOME.chmod(0o700)
for _pattern in ("superset.db*", "secret_key", "users.json", "*.log"):
    for _file in HOME.glob(_pattern):
        if not _file.is_symlink():
            _file.chmod(0o600)


def _secret_key() -> str:
    """The key that signs sessions, made at random once."""
    file = HOME / "secret_key"
    if not file.exists():
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as opened:
            opened.write(secrets.token_urlsafe(48))
    return file.read_text()


SECRET_KEY = _secret_key()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME / 'superset.db'}?check_same_thread=false&timeout=30"
SUPERSET_WEBSERVER_ADDRESS = "127.0.0.1"
LANGUAGES = {
    "en": {"flag": "us", "name": "English"},
    "es": {"flag": "es", "name": "Spanish"},
}
WTF_CSRF_ENABLED = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = False  # 127.0.0.1 is not reached by HTTPS
TALISMAN_ENABLED = True
PUBLIC_ROLE_LIKE = None
RATELIMIT_ENABLED = False  # one person's browser loads a dashboard of many charts at once
SCARF_ANALYTICS = False
SEND_FILE_MAX_AGE_DEFAULT = 86400
FEATURE_FLAGS = {"DASHBOARD_RBAC": False, "ALERT_REPORTS": False}
# A process has one engine, so one worker with threads serves all: a cache in its memory is enough.
_MEMORY = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 300, "CACHE_THRESHOLD": 500}
CACHE_CONFIG = DATA_CACHE_CONFIG = _MEMORY
FILTER_STATE_CACHE_CONFIG = EXPLORE_FORM_DATA_CACHE_CONFIG = {
    **_MEMORY,
    "CACHE_DEFAULT_TIMEOUT": 86400,
}

protect(globals())
