"""dbt in this process."""

import sys
from typing import Any


def invoke_dbt(arguments: list[str], manifest: Any = None) -> Any:
    """Run a command of dbt and give its result; with a manifest dbt does not read the project.

    dbt writes the process' command line into its log and its results. It is told its own: that of
    `oars` may name a person.
    """
    from dbt.cli.main import dbtRunner

    given, sys.argv = sys.argv, ["dbt", *arguments]
    try:
        return dbtRunner(manifest).invoke(arguments)
    finally:
        sys.argv = given
