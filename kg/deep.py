"""Read all that an output folder keeps, and tell what of it is damaged.

RocksDB notices much damage when it opens a store, and some only when it reads the block;
some it never notices.  Oxigraph keeps each quad in several orders, and the shelf keeps a
digest of each document's quads: what agrees in all of them is what was written.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from kg import search_index
from kg.corrections import parse
from kg.errors import StoreError
from kg.ledger import LASTING, SCHEMA, Ledger
from kg.named import named_in
from kg.ontology import load_ontology
from kg.published import newest
from kg.rdf import document_iri
from kg.register import load_register
from kg.resolve import settle
from kg.restating import program
from kg.shelf import FILE as SHELF
from kg.shelf import Shelf, mending
from kg.store import FOLDER, MENDING

Print = tuple[int, int]
"""Number of things, and the sum of their hashes, which is the same in any order."""


def damage(output: Path) -> Iterator[tuple[Path, str]]:
    """Yield what is damaged in an output folder, and what to do.

    Read are every order in which the store keeps quads, of the store itself and of what
    readers see of it; and the shelf with its full-text index.

    Raises:
        StoreError: There is no graph.
    """
    if not (output / SHELF).exists():
        raise StoreError(f"no graph in {output}: run `kg build` first")
    shelf = list(_of_shelf(output / SHELF)) or list(_of_names(output))
    yield from ((output / SHELF, message) for message in shelf)
    snapshot = newest(output)
    folders = [output / FOLDER] if (output / FOLDER / "CURRENT").exists() else []
    if snapshot is not None:
        folders.append(snapshot.folder)
    for folder in folders:
        try:
            for message in _of_store(Store.read_only(str(folder)), output, not shelf):
                yield folder, f"{message}: {MENDING.format(output / FOLDER)}"
        except (OSError, RuntimeError, ValueError) as error:
            yield folder, f"damaged ({error}): {MENDING.format(output / FOLDER)}"
    if snapshot is not None:
        snapshot.close()


def _of_store(store: Store, output: Path, shelf_is_sound: bool) -> Iterator[str]:
    terms: tuple[set[Any], set[Any], set[Any], set[Any]] = (set(), set(), set(), set())
    merged: set[int] = set()
    plain: set[int] = set()

    def seen() -> Iterator[Quad]:
        for quad in store:
            for held, term in zip(terms, quad, strict=True):
                held.add(term)
            triples = plain if quad.graph_name == DefaultGraph() else merged
            triples.add(hash(tuple(quad)[:3]))
            yield quad

    whole = _print(seen())
    graphs = terms[3]
    for name, found in _orders(store, *terms).items():
        read = _print(found)
        if read != whole:
            yield f"by {name} it finds {read[0]} quads, and holds {whole[0]}"
    if merged != plain:
        yield "its default graph is not the merge of the others"
    if graphs - {DefaultGraph()} != set(store.named_graphs()):
        yield "it names other graphs than it holds"
    if shelf_is_sound:
        yield from _unlike_stated(store, output)


def _orders(
    store: Store,
    subjects: Iterable[Any],
    predicates: Iterable[Any],
    objects: Iterable[Any],
    graphs: Iterable[Any],
) -> dict[str, Iterable[Quad]]:
    """Return all quads of a store as each of its indexes finds them."""
    find = store.quads_for_pattern

    def by_object(object_: Any, graph: Any = None) -> Iterator[Quad]:
        # Asked for 255, the index of a store on disk gives 256 and more as well.
        return (q for q in find(None, None, object_, graph) if q.object == object_)

    def of_graph(graph: Any) -> Iterator[Any]:
        return iter({quad.object for quad in find(None, None, None, graph)})

    return {
        "subject": (q for s in subjects for q in find(s, None, None, None)),
        "predicate": (q for p in predicates for q in find(None, p, None, None)),
        "object": (q for o in objects for q in by_object(o)),
        "graph": (q for g in graphs for q in find(None, None, None, g)),
        "graph and predicate": (
            q for g in graphs for p in predicates for q in find(None, p, None, g)
        ),
        "graph and object": (
            q for g in graphs for o in of_graph(g) for q in by_object(o, g)
        ),
    }


def _print(items: Iterable[object]) -> Print:
    count = total = 0
    for item in items:
        count += 1
        total += hash(item)
    return count, total


def _unlike_stated(store: Store, output: Path) -> Iterator[str]:
    """Yield documents whose quads are not those whose digest the shelf keeps."""
    with closing(Shelf.open(output)) as shelf:
        base = shelf.setting("base") or ""
        for shelved in shelf:
            if not shelved.stated:
                continue  # the next build writes it
            graph = NamedNode(document_iri(base, shelved.document.id))
            quads = store.quads_for_pattern(None, None, None, graph)
            lines = "\n".join(sorted(map(str, quads)))
            if hashlib.sha256(lines.encode()).hexdigest() != shelved.stated:
                yield f"the graph of {shelved.document.path} is not what was written"


def _of_names(output: Path) -> Iterator[str]:
    """Compare who is meant with what the documents give when all are read anew."""
    with (
        closing(Shelf.open(output)) as shelf,
        closing(sqlite3.connect(":memory:")) as d,
    ):
        kept = shelf.ledger
        changed = shelf.pending() or not kept.is_settled
        if changed or kept.kept("program") != program():
            return  # the next build works it out
        d.executescript(SCHEMA)
        anew = Ledger(d)
        for shelved in shelf:
            named = named_in(shelved.annotation, load_register())
            anew.put(shelved.document.id, *named)
        settle(anew, parse("\n".join(kept.kept("decided")), load_ontology()))
        if any(_print(kept.rows(name)) != _print(anew.rows(name)) for name in LASTING):
            yield f"damaged (its names are not those of its documents): {mending(output / SHELF)}"


def _of_shelf(path: Path) -> Iterator[str]:
    try:
        with (
            closing(
                sqlite3.connect(path.resolve().as_uri() + "?mode=ro", uri=True)
            ) as d,
            closing(sqlite3.connect(":memory:")) as copy,
        ):
            (said,) = d.execute("PRAGMA integrity_check").fetchone()
            if said != "ok":
                yield f"damaged ({said}): {mending(path)}"
                return
            d.backup(copy)  # an index is checked by writing to it
            search_index.check(copy)
    except sqlite3.Error as error:
        yield f"damaged ({error}): {mending(path)}"
