"""Superset's configuration in compose.yml: one machine, one process, its own tables in SQLite."""

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))

from oars_superset import protect

os.umask(0o077)
SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = (
    f"sqlite:///{os.environ['SUPERSET_HOME']}/superset.db?check_same_thread=false&timeout=30"
)
LANGUAGES = {
    "en": {"flag": "us", "name": "English"},
    "es": {"flag": "es", "name": "Spanish"},
}
# A proxy with TLS says so in its headers, which nobody else can send where it alone is reached.
IS_BEHIND_TLS = os.environ.get("SUPERSET_IS_BEHIND_TLS", "false").lower() == "true"
ENABLE_PROXY_FIX = IS_BEHIND_TLS
SESSION_COOKIE_SECURE = IS_BEHIND_TLS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
WTF_CSRF_ENABLED = True
TALISMAN_ENABLED = True
PUBLIC_ROLE_LIKE = None
SCARF_ANALYTICS = False
SEND_FILE_MAX_AGE_DEFAULT = 86400
FEATURE_FLAGS = {"DASHBOARD_RBAC": False, "ALERT_REPORTS": False}
_MEMORY = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 300, "CACHE_THRESHOLD": 500}
CACHE_CONFIG = DATA_CACHE_CONFIG = _MEMORY
FILTER_STATE_CACHE_CONFIG = EXPLORE_FORM_DATA_CACHE_CONFIG = {
    **_MEMORY,
    "CACHE_DEFAULT_TIMEOUT": 86400,
}

protect(globals())
