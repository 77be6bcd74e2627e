"""A document counts as done when its graph is on the disk, and not before."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType

from pyoxigraph import Quad

from kg.corrections import Fact
from kg.model import DocumentGraph
from kg.shelf import Shelf
from kg.store import AnyStore


@dataclass(frozen=True, slots=True)
class Stated:
    """What a document says.

    Attributes:
        graph: The whole of it.
        quads: The same for the store.
        digest: Of the quads.
        met: What of it people decided about.
    """

    graph: DocumentGraph
    quads: tuple[Quad, ...]
    digest: str
    met: Iterable[Fact]


class Settling:
    """Writes graphs, and notes on the shelf which of them the store holds for good.

    New graphs are gathered, and written while the caller goes on with the next.  A build
    that is cut off amid that writes the last few again.

    Args:
        store: Where the graphs go.
        shelf: Told which graphs are there to stay.
        together: How many new graphs are written at a time.
    """

    def __init__(self, store: AnyStore, shelf: Shelf, together: int) -> None:
        self._store, self._shelf, self._together = store, shelf, together
        self._thread = ThreadPoolExecutor(1)
        self._adding: Future[None] | None = None
        self._new: dict[str, Stated] = {}
        self._written: list[Stated] = []

    def __enter__(self) -> Settling:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.settle()
        finally:
            # The store stays open until nobody writes to it any more.
            self._thread.shutdown()

    def add(self, name: str, stated: Stated) -> None:
        """Add a named graph that is not there yet, once enough others are."""
        self._new[name] = stated
        if len(self._new) == self._together:
            self._make_room()
            self._begin()

    def replace(self, name: str, stated: Stated) -> None:
        """Replace a named graph that the store may hold."""
        self._make_room()
        self._store.replace(name, stated.quads)
        self._written.append(stated)

    def settle(self) -> None:
        """Bring all graphs to the disk, and then say so.

        Raises:
            StoreError: They could not be written.
        """
        self._wait()
        self._begin()
        self._wait()
        self._mark()

    def _make_room(self) -> None:
        """Wait until nobody writes; what is enough to be settled, settle."""
        self._wait()
        if len(self._written) >= self._store.together:
            self._mark()

    def _mark(self) -> None:
        """Bring what was written to the disk, and then say so."""
        if self._written:
            self._store.flush()
            self._shelf.mark_stated(
                (stated.graph, stated.digest, stated.met) for stated in self._written
            )
            self._written = []

    def _begin(self) -> None:
        """Begin to write what was gathered."""
        if self._new:
            new, self._new = self._new, {}
            graphs = {name: stated.quads for name, stated in new.items()}
            self._adding = self._thread.submit(self._store.add, graphs)
            self._written += new.values()

    def _wait(self) -> None:
        if self._adding is not None:
            adding, self._adding = self._adding, None
            adding.result()
