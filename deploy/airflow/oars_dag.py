"""A run of OARS-dbt every ten minutes, for Airflow 3 with the provider `standard`.

The worker has the project with its environment (`make setup`) in OARS_HOME, and in its environment
what names the server: docs/deploy.md.
"""

import os
from datetime import UTC, datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

HOME = os.environ.get("OARS_HOME", "/opt/oars")

with DAG(
    dag_id="oars",
    description="xAPI statements in ClickHouse become typed events and course marts.",
    schedule=timedelta(minutes=10),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,  # A run does all that is left, not one interval.
    max_active_runs=1,
    tags=["oars", "openedx"],
) as dag:
    # The last line, one JSON object, becomes the task's XCom.
    BashOperator(
        task_id="run",
        # exec: SIGTERM goes to it, and the run gives its claim back.
        bash_command="exec .venv/bin/oars run",
        cwd=HOME,
        env={"DBT_PROJECT_DIR": HOME, "DBT_PROFILES_DIR": HOME},
        append_env=True,
        skip_on_exit_code=75,  # Another run is at work: nothing is wrong, the next one will do it.
        retries=0,  # The next one does what this one left.
    )
