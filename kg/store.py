"""The embedded store: one named graph per document, on disk, in pyoxigraph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Store, Triple

from kg.errors import StoreError
from kg.published import FOLDER as PUBLISHED
from kg.published import Snapshot, newest, prepare, publish

FOLDER = "store"
MENDING = (
    "delete {} and run `kg build` again; what was read and what you decided is kept"
)
TOGETHER = 100  # graphs that are added at a time
FEW = 20  # graphs that are added faster one by one
HALF_MADE = ("Column family not found", "Inserts are only possible")
"""In what is said of a store whose making was cut off; the next build goes on with it."""

DOCUMENT = "/document/"  # stands in the IRI of every document


class AnyStore(Protocol):
    """What a store of documents' graphs offers, in a folder or on a server.

    ``together`` tells how many graphs are best added at a time.
    """

    together: int

    def replace(self, graph: str, quads: Iterable[Quad]) -> None:
        """Replace a named graph; with no quads, remove it."""

    def add(self, graphs: Mapping[str, Iterable[Quad]]) -> None:
        """Add named graphs that are not there yet, by their names."""

    def documents(self) -> list[str]:
        """Return the IRIs of all documents, which name their graphs, sorted."""

    def quads(self, graph: str) -> Iterator[Quad]:
        """Yield the quads of one named graph in no fixed order."""

    def all_quads(self) -> Iterator[Quad]:
        """Yield the quads of all documents, document by document."""

    def flush(self) -> None:
        """Make sure that what was written stays."""

    def close(self) -> None:
        """Let go of the store."""


class GraphStore:
    """The graph of one output folder.

    Every change of a document is one transaction on its named graph, so that a reader,
    or a build that is killed, sees the old graph or the new one and nothing between.
    """

    together = TOGETHER

    def __init__(
        self,
        store: Store,
        folder: Path = Path(FOLDER),
        snapshot: Snapshot | None = None,
    ) -> None:
        self._store = store
        self._folder = folder
        self._snapshot = snapshot

    @classmethod
    def open(cls, output: Path, *, writable: bool = False) -> GraphStore:
        """Open the store of an output folder, or what was published of it to read that.

        Args:
            output: The folder that ``kg build`` wrote, or will write when ``writable``.
            writable: Open for writing; only one process can.

        Raises:
            StoreError: There is no store, it is locked, damaged or cannot be written.
        """
        folder = output / FOLDER
        try:
            if writable:
                folder.mkdir(parents=True, exist_ok=True)
                store = Store(str(folder))
                is_older = not (output / PUBLISHED).exists()
                prepare(output)
                if is_older and next(iter(store), None) is not None:
                    # Whoever reads it finds it as it is until the build is done.
                    publish(store, output)
                return cls(store, folder)
            snapshot = readable(output)
            return cls(Store.read_only(str(snapshot.folder)), folder, snapshot)
        except (OSError, RuntimeError) as error:
            raise unreadable(folder, str(error)) from error

    def replace(self, graph: str, quads: Iterable[Quad]) -> None:
        """Replace a named graph in one transaction; with no quads, remove it.

        The default graph is the merge of all named graphs and is kept in step.  It has to
        be stored: asked for the union of its graphs, pyoxigraph gives a triple once for
        each graph that holds it, and every count would be wrong.
        """
        name = NamedNode(graph)
        new = {_triple(quad) for quad in quads}
        old = {_triple(quad) for quad in self.quads(graph)}
        gone = [triple for triple in old - new if self._only_in(triple, name)]
        # Only one update is atomic: dropping and extending are two transactions.  The
        # text is built from pyoxigraph's own serialisation of each term.
        update = (
            f"DELETE DATA {{ {_text(gone)} }} ;\n"
            f"DROP SILENT GRAPH {name} ;\n"
            f"INSERT DATA {{ {_text(new - old)} GRAPH {name} {{ {_text(new)} }} }}"
        )
        try:
            self._store.update(update)
        except (OSError, RuntimeError) as error:
            raise StoreError(f"cannot write to the store: {error}") from error

    def add(self, graphs: Mapping[str, Iterable[Quad]]) -> None:
        """Add named graphs that are not there yet, all of them or none.

        They are written as sorted files beside those of the store, which takes a quarter
        of the time of transactions and no memory that stays, but a tenth of a second at
        least.
        """
        if len(graphs) < FEW:
            for name, graph in graphs.items():
                self.replace(name, graph)
            return
        # As text, which is read without Python's lock: quads would be asked for one by one,
        # and each would wait for the thread that states the next graphs.
        texts = ("".join(f"{q} .\n{q.triple} .\n" for q in g) for g in graphs.values())
        try:
            self._store.bulk_load(
                b"".join(text.encode() for text in texts),
                RdfFormat.N_QUADS,
                lenient=True,
            )
        except (OSError, RuntimeError, SyntaxError) as error:
            raise StoreError(f"cannot write to the store: {error}") from error

    def _only_in(self, triple: Triple, graph: NamedNode) -> bool:
        """Tell whether no other named graph holds a triple."""
        holders = self._store.quads_for_pattern(
            triple.subject, triple.predicate, triple.object, None
        )
        # Asked for 255, the index of a store on disk gives 256 and more as well.
        return all(
            q.graph_name in {graph, DefaultGraph()}
            for q in holders
            if q.object == triple.object
        )

    def close(self) -> None:
        """Let go of the store: pyoxigraph closes it with its last reference."""
        del self._store
        if self._snapshot is not None:
            self._snapshot.close()

    def flush(self) -> None:
        """Bring everything written so far to the disk."""
        try:
            self._store.flush()
        except (OSError, RuntimeError) as error:
            raise StoreError(f"cannot write to the store: {error}") from error

    def publish(self, output: Path) -> None:
        """Let the readers of an output folder see the store as it is now."""
        try:
            publish(self._store, output)
        except (OSError, RuntimeError) as error:
            raise StoreError(f"cannot publish the graph: {error}") from error

    def documents(self) -> list[str]:
        """Return the IRIs of all documents, which name their graphs, sorted.

        One more graph holds the ontology, so that queries can ask for labels of terms.
        """
        with self._reading():
            return sorted(
                graph.value
                for graph in self._store.named_graphs()
                if isinstance(graph, NamedNode) and DOCUMENT in graph.value
            )

    def quads(self, graph: str) -> Iterator[Quad]:
        """Yield the quads of one named graph in no fixed order."""
        with self._reading():
            yield from self._store.quads_for_pattern(None, None, None, NamedNode(graph))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError) as error:
            raise unreadable(self._folder, str(error)) from error

    def all_quads(self) -> Iterator[Quad]:
        """Yield the quads of all documents, document by document."""
        for graph in self.documents():
            yield from self.quads(graph)

    @property
    def raw(self) -> Store:
        """The pyoxigraph store itself, for queries."""
        return self._store


def _triple(quad: Quad) -> Triple:
    return Triple(quad.subject, quad.predicate, quad.object)


def _text(triples: Iterable[Triple]) -> str:
    return "".join(f"{triple} .\n" for triple in triples)


def readable(output: Path) -> Snapshot:
    """Return from where the graph of an output folder is read.

    Raises:
        StoreError: There is no graph.
    """
    try:
        snapshot = newest(output)
    except OSError as error:
        raise unreadable(output / FOLDER, str(error)) from error
    if snapshot is not None:
        return snapshot
    folder = output / FOLDER
    # A store of which nothing was published is one that no build has come to since.
    if (output / PUBLISHED).exists() or not (folder / "CURRENT").exists():
        raise StoreError(f"no graph in {output}: run `kg build` first")
    return Snapshot(folder)


def unreadable(folder: Path, reason: str) -> StoreError:
    """Return the error that a store cannot be opened, for what pyoxigraph says of it."""
    if "lock" in reason.lower():
        return StoreError(f"{folder} is in use by another `kg build`")
    if "orruption" in reason:
        return damaged(folder, reason)
    if any(sign in reason for sign in HALF_MADE):
        return StoreError(f"{folder} was never finished: run `kg build` again")
    return StoreError(f"cannot open {folder}: {reason}")


def damaged(folder: Path, reason: str) -> StoreError:
    """Return the error that a store is damaged, with the way to mend it."""
    return StoreError(f"{folder} is damaged: {MENDING.format(folder)} ({reason})")
