"""A password is in no output, no log, no file that a command writes and no list of processes."""

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oars_site import WITHOUT_TESTS
from test_targets import HttpSite

PASSWORD = "planted-Pass!word'7"
# As it stands in a text, in an address, in JSON, and in the header that carries it.
FORMS = {
    PASSWORD,
    "planted-Pass%21word%277",
    "planted-Pass!word\\u00277",
    base64.b64encode(f"default:{PASSWORD}".encode()).decode(),
}
SECONDS_BETWEEN = 0.02


def forms_in(content: bytes) -> list[str]:
    return [form for form in FORMS if form.encode() in content]


@contextmanager
def watched() -> Iterator[list[bytes]]:
    """Gather the command lines of all processes, as `ps` would show them, while something runs."""
    seen: set[bytes] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(file.read_bytes())
                except OSError:  # It has ended.
                    continue
            time.sleep(SECONDS_BETWEEN)

    thread = threading.Thread(target=look)
    thread.start()
    lines: list[bytes] = []
    try:
        yield lines
    finally:
        done.set()
        thread.join()
        lines.extend(seen)


class SecretSite(HttpSite):
    """A site on a server, whose commands are started as a user starts them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "server")
        self.is_plain = True
        self.env["OARS_CLICKHOUSE_PASSWORD"] = PASSWORD

    def dbt_env(self) -> dict[str, str]:
        """All files that dbt writes by itself."""
        written = super().dbt_env() | {"DBT_LOG_LEVEL_FILE": "debug"}
        return {name: value for name, value in written.items() if name != "DBT_WRITE_JSON"}


BUILD = ("--debug", "build", *WITHOUT_TESTS, "--select", "path:seeds")


def test_a_password_is_only_sent_to_the_server(tmp_path: Path) -> None:
    with watched() as lines, SecretSite(tmp_path) as site:
        done = [
            site.oars("init"),
            site.oars("simulate", "--statements", "300", "--learners", "10", "--load"),
            site.dbt("debug"),
            site.dbt(*BUILD),
            site.oars("status"),
        ]
        assert [run.code for run in done] == [0] * 5, "\n\n".join(
            run.out[-1500:] + run.err[-1500:] for run in done
        )
        failed = [
            site.dbt("--debug", "show", "--inline", "select no_such_column from oars_ops.run_log"),
            site.oars("publish"),
        ]
        # No server, one that speaks no TLS, and one that wants the password of another.
        for wrong in (
            {"OARS_CLICKHOUSE_PORT": "1"},
            {"OARS_CLICKHOUSE_SECURE": "true"},
            {"OARS_CLICKHOUSE_USER": "somebody"},
        ):
            right, site.env = site.env, site.env | wrong
            failed += [site.oars("report"), site.dbt(*BUILD)]
            site.env = right
        assert [run.code for run in failed if not run.code] == []
    assert any(b"dbt.cli.main" in line for line in lines)
    assert [line for line in lines if forms_in(line)] == []
    said = [run.out + run.err for run in (*done, *failed)]
    assert [text for text in said if forms_in(text.encode())] == []
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"dbt.log", "manifest.json", "run_results.json"} <= {file.name for file in files}
    assert [file for file in files if forms_in(file.read_bytes())] == []
