"""SPARQL servers for tests: real ones, each empty, and little ones that misbehave."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# The package of that name brings the server as a program beside Python.
_PROGRAMS = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
OXIGRAPH = shutil.which("oxigraph", path=_PROGRAMS)
VIRTUOSO = shutil.which("virtuoso-t") if shutil.which("isql-vt") else None

_VIRTUOSO = """
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = temp.db
TransactionFile = temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
NumberOfBuffers = 2000
MaxDirtyBuffers = 1200
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
ServerThreads = 5
"""


@contextmanager
def oxigraph(*options: str) -> Iterator[str]:
    """Run Oxigraph; yield the root of its endpoints."""
    port = free_port()
    command = [str(OXIGRAPH), "serve", "--bind", f"127.0.0.1:{port}", *options]
    with _running(command, "Listening"):
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def virtuoso(folder: Path) -> Iterator[str]:
    """Run Virtuoso in an empty folder; yield its root.  Everybody may change it."""
    sql, http = free_port(), free_port()
    ini = folder / "virtuoso.ini"
    ini.write_text(_VIRTUOSO.format(sql=sql, http=http))
    with _running([str(VIRTUOSO), "-f", "-c", ini.name], "Server online", folder):
        grant = 'exec=GRANT SPARQL_UPDATE TO "SPARQL";'
        login = ["isql-vt", f"127.0.0.1:{sql}", "dba", "dba", grant]
        subprocess.run(login, check=True, capture_output=True)
        yield f"http://127.0.0.1:{http}/"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def _running(
    command: list[str], ready: str, folder: Path | None = None
) -> Iterator[None]:
    """Run a server from the line in which it says that it is ready."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as said:
        try:
            lines = []
            for line in said:
                lines.append(line)
                if ready in line:
                    break
            else:
                raise RuntimeError("".join(lines))
            yield
        finally:
            process.kill()
            process.wait()


class Handler(BaseHTTPRequestHandler):
    """A request to a little server, and what it may be answered with."""

    server: LittleServer

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.body = self.rfile.read(length)
        with self.server.counting:
            self.server.requests += 1
            self.number = self.server.requests
        self.server.answer(self)

    def do_PUT(self) -> None:
        self.do_POST()

    def respond(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send an answer; headers are named with underscores."""
        self.send_response(status)
        headers.setdefault("Content_Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


class LittleServer(ThreadingHTTPServer):
    """Answers each request with a function, and counts them."""

    def __init__(self, answer: Callable[[Handler], None]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.requests = 0
        self.counting = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


@contextmanager
def little_server(answer: Callable[[Handler], None]) -> Iterator[LittleServer]:
    """Run a server whose answers a test writes."""
    with LittleServer(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
