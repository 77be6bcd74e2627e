"""The graph as it is now: read once, and again when a build has changed it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.ontology import Ontology
from kg.published import current_file
from kg.records import records_of
from kg.shelf import FILE

Stamp = tuple[tuple[int, int], ...]
"""Times and sizes of the files that a build changes."""


UNTOLD = 60
"""Seconds after which a graph on a server, known by its address alone, is read again."""


@dataclass(frozen=True, slots=True)
class Graph:
    """All records of a graph, and ways into them.

    Attributes:
        stamp: Of the files that it was read from.
        records: What ``kg export --format json`` writes.
        entities: By id.
        documents: By id.
    """

    stamp: Stamp
    records: dict[str, list[dict[str, Any]]]
    entities: dict[str, dict[str, Any]]
    documents: dict[str, dict[str, Any]]


class Current:
    """Gives the graph of an output folder, as fresh as it pays to be.

    Args:
        output: The folder that ``kg build`` wrote.
        ontology: Tells what is a class, a predicate, a kind of money.
        address: A server that keeps the graph, if not the one that the folder names.
        rested: Seconds between two readings of a graph that a build is writing.
    """

    def __init__(
        self,
        output: Path,
        ontology: Ontology,
        address: str | None = None,
        rested: float = 0.0,
    ) -> None:
        self._output, self._ontology, self._address = output, ontology, address
        self._rested = rested
        self._lock = threading.Lock()
        self._graph: Graph | None = None
        self._read_at = 0.0

    def stamp(self) -> Stamp:
        """Return what changes with the graph."""
        files = [current_file(self._output)]
        if not files[0].exists():
            files = [self._output / FILE, self._output / f"{FILE}-wal"]
        found = [file.stat() for file in files if file.exists()]
        # A reader makes an empty log beside the database.
        stamp = tuple((s.st_mtime_ns, s.st_size) for s in found if s.st_size)
        # Without a folder nobody tells when the graph of a server changes.
        return stamp or ((int(time.monotonic() // UNTOLD), 0),)

    @property
    def known(self) -> Graph | None:
        """The graph as it was read last."""
        return self._graph

    def graph(self) -> Graph:
        """Return the graph as it is.

        Raises:
            StoreError: It cannot be read.
        """
        with self._lock:
            stamp = self.stamp()
            rested = time.monotonic() - self._read_at >= self._rested
            if self._graph is None or (rested and self._graph.stamp != stamp):
                records = records_of(self._output, self._ontology, self._address)
                self._graph = Graph(
                    stamp,
                    records,
                    {entity["id"]: entity for entity in records["entities"]},
                    {document["id"]: document for document in records["documents"]},
                )
                self._read_at = time.monotonic()
            return self._graph
