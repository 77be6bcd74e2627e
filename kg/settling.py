"""A document counts as done when its graph is on the disk, and not before."""

from __future__ import annotations

from collections.abc import Iterable

from kg.corrections import Fact
from kg.model import DocumentGraph
from kg.shelf import Shelf
from kg.store import AnyStore


class Settling:
    """Notes on the shelf which graphs the store holds, once it holds them for good.

    A build that is cut off between the two writes the last few graphs again.
    """

    def __init__(self, store: AnyStore, shelf: Shelf) -> None:
        self._store, self._shelf = store, shelf
        self._written: list[tuple[DocumentGraph, str, Iterable[Fact]]] = []

    def add(self, graph: DocumentGraph, digest: str, met: Iterable[Fact]) -> None:
        """Take note of a graph that was written.

        Args:
            graph: What the document says.
            digest: Of its quads.
            met: What it says that people decided about.
        """
        self._written.append((graph, digest, met))
        if len(self._written) >= self._store.together:
            self.settle()

    def settle(self) -> None:
        """Bring what was written to the disk, and then say so."""
        if self._written:
            self._store.flush()
            self._shelf.mark_stated(self._written)
            self._written.clear()
