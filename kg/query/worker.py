"""Ask a graph through a process that may take so long and so much, and no more."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pyoxigraph

from kg.errors import KgError, LimitError, UsageError
from kg.store import FOLDER, readable, unreadable

if TYPE_CHECKING:
    from kg.query.guard import Query  # the child starts before this is imported

# -I and -S: without the start-up files of the environment, which are not needed.
_START = ("-I", "-S", "-c")
_CHILD = (
    "import sys; sys.path += sys.argv[1:3]; import child; child.main(*sys.argv[3:])"
)
MEMORY = 2 << 30
_READ = 1 << 16  # bytes at a time

Cell = str | list[str | None] | None
"""A literal's text; an IRI and its name, if it has one; None where nothing is bound."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may take.

    Attributes:
        seconds: For which it may be waited for.
        rows: How many there may be; None for all.
        size: Bytes of the whole answer.
    """

    seconds: float = 30
    rows: int | None = None
    size: int = 1 << 30


@dataclass(frozen=True, slots=True)
class Rows:
    """The answer to SELECT; the rows come while the query still runs."""

    columns: tuple[str, ...]
    rows: Iterator[list[Cell]]


@dataclass(frozen=True, slots=True)
class Text:
    """An answer that is written already: triples, or rows in a standard format."""

    parts: Iterator[str]


class Worker:
    """A process that answers queries about one graph, one after the other.

    It starts while its maker goes on: opening the store costs no time that loading the
    ontology does not cost anyway.  A worker that was left amid an answer, or that a limit
    has ended, answers no more: close it and take another.
    """

    def __init__(
        self, output: Path, *, memory: int = MEMORY, online: bool = False
    ) -> None:
        """Start the process.

        Args:
            output: The folder that ``kg build`` wrote.
            memory: Bytes that it may use in all.
            online: Let SERVICE through to the network.

        Raises:
            StoreError: There is no graph.
        """
        self._store = output / FOLDER
        self._snapshot = readable(output)
        self._memory = memory
        self._read = bytearray()  # beyond the last line
        # Not forked, although that would save a quarter of the processor time until the
        # first row (95 ms against 120, with click): a server has threads, which a fork
        # leaves behind with their locks, and a fork begins with all the memory and the
        # open files of its parent.  On two cores the child starts beside its parent.
        command = [sys.executable, *_START, _CHILD]
        paths = [Path(__file__).parent, Path(pyoxigraph.__file__).parent.parent]
        network = "online" if online else "offline"
        self._process = subprocess.Popen(  # noqa: S603  # our own script
            [
                *command,
                *map(str, (*paths, self._snapshot.folder, memory, network)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        if sys.platform != "win32":
            self._ready = select.poll()
            self._ready.register(self._pipe, select.POLLIN)

    @property
    def _pipe(self) -> IO[bytes]:
        if self._process.stdout is None:
            raise RuntimeError("the worker was started without a pipe")
        return self._process.stdout

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # what it was still to be told
                    pipe.close()
        self._snapshot.close()

    def ask(
        self,
        query: Query,
        limits: Limits | None = None,
        *,
        names: bool = False,
        format_: str | None = None,
    ) -> Rows | Text | bool:
        """Ask a query.

        Args:
            query: What ``kg.query.guard.checked`` has let through.
            limits: What it may take; thirty seconds if left out.
            names: Send the label of each IRI along.
            format_: Media type of a standard format in which the answer is wanted.

        Returns:
            What SELECT, CONSTRUCT and DESCRIBE, or ASK give.

        Raises:
            UsageError: The query is wrong, or reads FROM a graph that is not there.
            LimitError: It took too long or too much.  Rows raise it too, as they come.
            StoreError: The store cannot be opened.
        """
        limits = limits or Limits()
        self._send(
            {
                "query": query.for_the_engine,
                "prefixes": dict(query.prefixes),
                "graphs": [graph for graph, _ in query.graphs],
                "seconds": limits.seconds,
                "rows": limits.rows,
                "bytes": limits.size,
                "names": names,
                "format": format_,
            }
        )
        messages = self._messages(query, limits)
        first = next(messages, {})
        if "columns" in first:
            rows = (row for message in messages for row in message["rows"])
            return Rows(tuple(first["columns"]), rows)
        if "boolean" in first:
            next(messages, None)
            return bool(first["boolean"])
        return Text(_texts(first, messages))

    def _send(self, request: dict[str, Any]) -> None:
        pipe = self._process.stdin
        if pipe is None:
            raise RuntimeError("the worker was started without a pipe")
        # If it has ended already, its last line or its exit code says why.
        with suppress(BrokenPipeError):
            pipe.write(json.dumps(request).encode() + b"\n")
            pipe.flush()

    def _messages(self, query: Query, limits: Limits) -> Iterator[dict[str, Any]]:
        """Yield the lines of an answer but the last, which says how it ends.

        Only the time counts that is spent on waiting: who reads rows slowly is not late.
        """
        left = limits.seconds
        while True:
            began = time.monotonic()
            line = self._line(left)
            left -= time.monotonic() - began
            if not line.endswith(b"\n"):
                if left <= 0:
                    raise LimitError(
                        f"the query takes longer than {limits.seconds:g} s"
                    )
                raise self._end_of_process()
            message = json.loads(line)
            if "error" in message:
                raise self._error(query, message["error"], message["message"])
            if message.get("end") == "rows":
                raise LimitError(f"there are more rows than {limits.rows:,}")
            if message.get("end") == "bytes":
                raise LimitError(f"the answer is larger than {_size(limits.size)}")
            if "end" in message:
                return
            yield message

    def _line(self, seconds: float) -> bytes:
        """Return the next line, or what there is of it when the time is over."""
        pipe = self._pipe
        if (
            sys.platform == "win32"
        ):  # it cannot wait for pipes: a timer ends the process
            timer = threading.Timer(max(seconds, 0), self._process.kill)
            timer.start()
            try:
                return pipe.readline()
            finally:
                timer.cancel()
        end = time.monotonic() + seconds
        searched = 0
        while (at := self._read.find(b"\n", searched)) < 0:
            searched = len(self._read)
            left = max(end - time.monotonic(), 0)
            if not self._ready.poll(1000 * left):
                self._process.kill()
                break
            if not (some := os.read(pipe.fileno(), _READ)):
                break
            self._read += some
        line = bytes(self._read[: at + 1] if at >= 0 else self._read)
        del self._read[: len(line)]
        return line

    def _error(self, query: Query, kind: str, message: str) -> KgError:
        if kind == "store":
            return unreadable(self._store, message)
        if kind == "graph":
            return query.unknown_graph(message)
        if kind == "syntax":
            return query.error(message)
        if kind == "memory":
            return self._too_large()
        return UsageError(f"the query failed: {message}")

    def _end_of_process(self) -> KgError:
        """Return why the process ended amid an answer: native code can only give up."""
        code = self._process.wait()
        if code == -signal.SIGABRT:
            return self._too_large()
        if code == -signal.SIGSEGV:
            return LimitError("the query nests deeper than the engine can follow")
        if code < 0:
            name = signal.Signals(-code).name
            return LimitError(f"the system ended the query ({name})")
        return UsageError(f"the engine broke down over the query (code {code})")

    def _too_large(self) -> LimitError:
        return LimitError(f"the query needs more memory than {_size(self._memory)}")


def _texts(first: dict[str, Any], rest: Iterator[dict[str, Any]]) -> Iterator[str]:
    if first:
        yield first["text"]
    for message in rest:
        yield message["text"]


def _size(count: int) -> str:
    gibi = count / (1 << 30)
    return f"{gibi:g} GiB" if gibi >= 1 else f"{count / (1 << 20):g} MiB"
