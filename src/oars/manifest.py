"""dbt's manifest: what the project consists of, as dbt itself reads it."""

import tempfile
from pathlib import Path
from typing import Any

import yaml

from oars.connection import OarsError
from oars.invoke import invoke_dbt


def read_manifest(
    project: Path,
    profiles: Path | None = None,
    target: str | None = None,
    variables: dict[str, Any] | None = None,
) -> Any:
    """Read the project without an engine; OarsError where dbt cannot."""
    with tempfile.TemporaryDirectory() as folder:
        result = invoke_dbt(
            [
                *("parse", "--quiet", "--no-partial-parse", "--project-dir", str(project)),
                *("--target-path", folder, "--log-path", folder),
                *(("--profiles-dir", str(profiles)) if profiles else ()),
                *(("--target", target) if target else ()),
                *(("--vars", yaml.safe_dump(variables)) if variables else ()),
            ]
        )
    if not result.success:
        raise OarsError(f"dbt cannot read the project: {result.exception or 'run `dbt parse`'}.")
    return result.result
