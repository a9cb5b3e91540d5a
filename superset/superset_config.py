"""Superset's configuration for the marts of OARS.

Superset without a configuration of its own: name this file in SUPERSET_CONFIG_PATH. (The local
server of `make dashboards` has local_config.py.) Superset with one: end it with

    import sys
    sys.path.append("<this project>/superset")
    from oars_superset import protect
    protect(globals())

which keeps what is set above: FEATURE_FLAGS are merged, a SQL_QUERY_MUTATOR, a
DB_CONNECTION_MUTATOR, an ENGINE_CONTEXT_MANAGER and a FLASK_APP_MUTATOR go on to be called, and
SQLGLOT_DIALECTS_EXTENSIONS and CUSTOM_TEMPLATE_PROCESSORS are built upon.

Settings, to be given before `protect`:

- OARS_SCHEMAS = ("oars", "oars_pii"): the schemas that queries on ClickHouse databases may read.
- OARS_FUNCTIONS = (): functions that they may call besides those of oars_superset/functions.txt.
- OARS_UNGUARDED_DATABASES = (): names of ClickHouse databases in Superset that have nothing to do
  with OARS and are not guarded. Whoever may create or rename databases can use this: admins only.

In the environment, for the embedded engine: OARS_PUBLISHED_PATH, the folder that `oars publish`
keeps up to date (.../chdb_published/current).
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))

from oars_superset import protect

protect(globals())
