"""Package folder that dbt loads the adapter's (empty) macro project from."""

from pathlib import Path

PACKAGE_PATH = str(Path(__file__).parent)
