"""A document counts as done when its graph is on the disk, and not before."""

from __future__ import annotations

from kg.model import DocumentGraph
from kg.shelf import Shelf
from kg.store import AnyStore, GraphStore

_TOGETHER = 500  # documents: bringing one to the disk takes the time of writing thirty


class Settling:
    """Notes on the shelf which graphs the store holds, once it holds them for good.

    A build that is cut off between the two writes the last few graphs again.
    """

    def __init__(self, store: AnyStore, shelf: Shelf) -> None:
        self._store, self._shelf = store, shelf
        self._written: list[tuple[DocumentGraph, str]] = []
        # A server keeps what it has said it has.
        self._together = _TOGETHER if isinstance(store, GraphStore) else 1

    def add(self, graph: DocumentGraph, digest: str) -> None:
        """Take note of a graph that was written, and of the digest of its quads."""
        self._written.append((graph, digest))
        if len(self._written) >= self._together:
            self.settle()

    def settle(self) -> None:
        """Bring what was written to the disk, and then say so."""
        if self._written:
            self._store.flush()
            self._shelf.mark_stated(self._written)
            self._written.clear()
