"""ClickHouse's HTTP interface in front of the embedded engine, so that the target `server` can run.

Not a server for users: one folder, the little of the protocol that dbt and oars speak, and of
authentication one password, where OARS_CLICKHOUSE_PASSWORD has it. What a cluster alone understands
(`on cluster`, Replicated engines) is parsed by the engine as it was sent, then run as one engine
can. Statements of access are parsed and kept; with roles, the engine's user may do what those roles
may, and no more.

    python http_engine.py FOLDER [ROLE...]

It says its port, which is a free one, or that of HTTP_ENGINE_PORT.
"""

import base64
import os
import re
import sys
import tempfile
import threading
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb

from access_rules import IS_OF_ACCESS, kept, opened_as

# Of the HTTP protocol itself; all other parameters are settings.
OF_HTTP = {
    "query", "database", "session_id", "session_timeout", "query_id", "client_protocol_version",
    "enable_http_compression", "wait_end_of_query", "default_format", "compress", "role",
    "send_progress_in_http_headers", "http_headers_progress_interval_ms", "buffer_size",
}  # fmt: skip
# What is said to a cluster, and what one engine is told instead.
OF_A_CLUSTER = {
    r"(?i)\bon\s+cluster\s+(\"[^\"]*\"|'[^']*')": "",
    r"\bReplicated(?=\w*MergeTree)": "",
    r"clusterAllReplicas\([^,]*, ([\w.]+)\)": r"(select *, 1 as _shard_num from \1)",
}


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def of_form(kind: str, body: bytes) -> dict[str, str]:
    form: Any = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    return {
        part.get_param("name", header="Content-Disposition"): part.get_payload(decode=True).decode()
        for part in form.get_payload()
    }


class Engine:
    """The sessions on one data folder; each has its settings and its database."""

    def __init__(self, folder: str, roles: list[str]) -> None:
        self.folder = folder
        self.may_all = not roles
        self.opened = opened_as(folder, roles) if roles else folder
        self.lock = threading.Lock()
        self.sessions: dict[str, Any] = {}
        self.session("")

    def session(self, name: str) -> Any:
        with self.lock:
            if name not in self.sessions:
                self.sessions[name] = chdb.connect(self.opened)
            return self.sessions[name]

    def answer(self, parameters: dict[str, str], body: bytes) -> bytes:
        session = self.session(parameters.get("session_id", ""))
        if database := parameters.get("database"):
            session.query(f"use `{database}`")
        for name, value in parameters.items():
            if name not in OF_HTTP:
                session.query(f"set {name} = {quoted(value)}")
        if "query" in parameters:
            statement, data = parameters["query"], body
        # A client ends `insert … format X` with a new line; what follows is data.
        elif head := re.match(rb"(?is)\s*insert\s[^;]*?\sformat\s+\w+[ \t]*\n", body):
            statement, data = head[0].decode(), body[head.end() :]
        else:
            statement, data = body.decode(), b""
        if self.may_all and IS_OF_ACCESS.match(statement):
            self.keep(session, statement)
            return b""
        statement = self.understood(session, statement)
        if not data:
            return bytes(session.query(statement, parameters.get("default_format", "TSV")).bytes())
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            into, _, form = statement.strip().rpartition(" FORMAT ")
            session.query(f"{into} from infile {quoted(file.name)} format {form}")
        return b""

    def keep(self, session: Any, statement: str) -> None:
        """Parse a statement of access, and keep it for `opened_as`."""
        parsed = session.query(f"select formatQuerySingleLine({quoted(statement)})", "TSVRaw")
        with self.lock, kept(self.folder).open("a") as file:
            file.write(bytes(parsed.bytes()).decode())

    def understood(self, session: Any, statement: str) -> str:
        simple = statement
        for words, instead in OF_A_CLUSTER.items():
            simple = re.sub(words, instead, simple)
        if simple != statement:
            session.query(f"select formatQuery({quoted(statement)})")
        return simple


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    engine: Engine

    def do_GET(self) -> None:
        self.reply()

    def do_POST(self) -> None:
        self.reply()

    def reply(self) -> None:
        parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self.body()
        kind = self.headers.get("Content-Type", "")
        # Long parameters come as a form, with the query among them.
        if kind.startswith("multipart/form-data"):
            parameters |= of_form(kind, body)
            body = b""
        try:
            if not self.is_known():
                raise PermissionError("Code: 516. DB::Exception: default: Authentication failed")
            code, answer = 200, self.engine.answer(parameters, body)
        except Exception as error:
            code, answer = 500, str(error).encode()
        self.send_response(code)
        if code == 500 and (number := re.search(rb"Code: (\d+)", answer)):
            self.send_header("X-ClickHouse-Exception-Code", number[1].decode())
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def is_known(self) -> bool:
        password = os.environ.get("OARS_CLICKHOUSE_PASSWORD")
        if not password:
            return True
        user = os.environ.get("OARS_CLICKHOUSE_USER", "default")
        told = base64.b64encode(f"{user}:{password}".encode()).decode()
        return self.headers.get("Authorization") == f"Basic {told}"

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def log_message(self, *_: Any) -> None:
        """Say nothing: requests are many."""


if __name__ == "__main__":
    Handler.engine = Engine(sys.argv[1], sys.argv[2:])
    port = int(os.environ.get("HTTP_ENGINE_PORT", 0))
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
