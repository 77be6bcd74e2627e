"""So many queries at a time, each in a process that can be killed, and no more."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kg.errors import KgError, LimitError, UsageError
from kg.ontology import Ontology
from kg.query.entity import find_entity
from kg.query.worker import Cell, Limits, Rows, Text
from kg.where import open_worker

if TYPE_CHECKING:
    from kg.current import Stamp
    from kg.query.guard import Query
    from kg.query.worker import Worker
    from kg.remote_store import RemoteStore

LIMITS = Limits(seconds=5, size=64 << 20)
"""What one query may take: others wait for it."""

WORKERS = max(4, 2 * (os.cpu_count() or 1))
"""More than there are cores, so that a few queries that take long leave room for others."""

WAITING = 28
"""How many may wait for a worker, and for how many seconds; more are sent away."""
PATIENCE = 30.0


class FullError(KgError):
    """There is no room for another query: it may be asked again later."""


class GoneError(KgError):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class Some:
    """The first rows of an answer, and whether there are more."""

    columns: tuple[str, ...]
    rows: list[list[Cell]]
    more: bool = False


class Pool:
    """Workers that answer queries about one graph.

    A worker sees the graph as it was when it started: one that is older than the graph is
    replaced.  An answer is kept whole before it is sent, so that a slow reader keeps no
    worker, and one that fails midway is no answer.
    """

    def __init__(self, output: Path, address: str | None = None) -> None:
        self._where = output, address
        self._idle: list[tuple[Stamp, Worker | RemoteStore]] = []
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(WORKERS)
        self._asked = 0

    def answer(
        self, query: Query, format_: str, stamp: Stamp, gone: Callable[[], bool]
    ) -> memoryview:
        """Return the answer to a query in a standard format.

        Args:
            query: What ``kg.query.guard.checked`` has let through.
            format_: Media type of a format of rows, or of triples.
            stamp: Of the graph as it is.
            gone: Whether who asked has left meanwhile; the rest is not worked out then.

        Raises:
            FullError: Too many ask at once.
            GoneError: Who asked has left.
            KgError: As ``kg.query.worker.Worker.ask`` says.
        """
        body = bytearray()
        with self._worker(stamp) as worker:
            if gone():  # while it waited for a worker
                return memoryview(body)
            answer = worker.ask(query, LIMITS, format_=format_)
            if not isinstance(answer, Text):
                raise TypeError(f"a standard format was wanted, and came {answer!r}")
            for part in answer.parts:
                if gone():
                    raise GoneError("who asked has left")
                body += part.encode()
        return memoryview(body)

    def rows(self, query: Query, stamp: Stamp, most: int) -> Some | str | bool:
        """Return an answer for people.

        Returns:
            At most so many rows, with names; triples as Turtle; or yes or no.

        Raises:
            FullError: Too many ask at once.
            KgError: As ``kg.query.worker.Worker.ask`` says.
        """
        limits = replace(LIMITS, rows=most)
        with self._worker(stamp) as worker:
            answer = worker.ask(query, limits, names=True)
            if isinstance(answer, Rows):
                rows: list[list[Cell]] = []
                try:
                    rows.extend(answer.rows)
                except LimitError:
                    if len(rows) < most:
                        raise
                    return Some(answer.columns, rows, more=True)
                return Some(answer.columns, rows)
            return "".join(answer.parts) if isinstance(answer, Text) else answer

    def entity(self, name: str, ontology: Ontology, stamp: Stamp) -> str:
        """Return the IRI of the entity that a name means.

        Raises:
            FullError: Too many ask at once.
            UsageError: Nothing has the name, or several things have it.
        """
        with self._worker(stamp) as worker:
            return find_entity(worker, ontology, name, LIMITS)

    def close(self) -> None:
        """End all workers that wait for something to do."""
        with self._lock:
            for _, worker in self._idle:
                worker.close()
            self._idle.clear()

    @contextmanager
    def _worker(self, stamp: Stamp) -> Iterator[Worker | RemoteStore]:
        with self._lock:
            if self._asked >= WORKERS + WAITING:
                raise FullError("too many ask at once")
            self._asked += 1
        try:
            if not self._room.acquire(timeout=PATIENCE):
                raise FullError("the queries before this one take too long")
            try:
                worker = self._taken(stamp)
                try:
                    yield worker
                except UsageError:
                    self._idle.append((stamp, worker))  # it can answer the next
                    raise
                except BaseException:
                    worker.close()
                    raise
                self._idle.append((stamp, worker))
            finally:
                self._room.release()
        finally:
            with self._lock:
                self._asked -= 1

    def _taken(self, stamp: Stamp) -> Worker | RemoteStore:
        """Take a worker that knows the graph as it is, or start one."""
        with self._lock:
            while self._idle:
                known, worker = self._idle.pop()
                if known == stamp:
                    return worker
                worker.close()
        return open_worker(*self._where)
