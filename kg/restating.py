"""Bring the graph in line with the shelf: who is meant, and what is stated of that."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pyoxigraph import Quad

from kg import rdf
from kg.corrections import Correction, Fact, Verdicts
from kg.model import DocumentGraph
from kg.named import named_in
from kg.ontology import load_ontology
from kg.paths import ontology_folder
from kg.progress import WRITING, Advance, Progress
from kg.register import load_register
from kg.resolve import Resolution, settle, who
from kg.settling import Settling
from kg.shelf import Shelf
from kg.state import state
from kg.store import FEW, AnyStore


def restate_changed(
    shelf: Shelf,
    store: AnyStore,
    base: str,
    least: float,
    corrections: tuple[Correction, ...],
    progress: Progress | None = None,
) -> tuple[int, tuple[Correction, ...]]:
    """Work out who is meant now, and write those graphs that come out different.

    Only documents are read again that were put on the shelf or name something that is
    another entity now.  All that is needed lies on the shelf, so that a build that is cut
    off here goes on where it was.

    Args:
        shelf: The documents.
        store: Where their graphs are.
        base: What IRIs begin with.
        least: The confidence of facts and sums at least.
        corrections: What people decided.
        progress: Told of each document that is stated.

    Returns:
        How many graphs were written, and the decisions that met nothing.
    """
    verdicts, strayed = _settled(shelf, base, least, corrections)
    prefix = rdf.document_iri(base, "")
    present = set(store.documents())
    wanted = {prefix + id_ for id_ in shelf.ids()}
    with shelf.transaction():
        for name in wanted - present:
            shelf.forget_stated(name.removeprefix(prefix))
    settling = Settling(store, shelf)
    written = 0
    new: dict[str, _Said] = {}
    stale = shelf.ledger.stale()
    together = store.together if len(stale) >= FEW else 1
    for done, id_ in enumerate(stale, 1):
        if progress:
            progress(Advance(WRITING, done, len(stale), 0, id_))
        said = _said(shelf, id_, base, least, verdicts)
        if said is None or said.stated == said.digest:
            shelf.ledger.mark_stated(id_, said.met if said else ())
            continue
        written += 1
        if prefix + id_ not in present:
            new[prefix + id_] = said
            if len(new) == together:
                _add(store, settling, new)
                new.clear()
            continue
        # A build that is cut off does not know which graph the store holds.
        if said.stated:
            shelf.forget_stated(id_)
        store.replace(prefix + id_, said.quads)
        settling.add(said.graph, said.digest, said.met)
    _add(store, settling, new)
    settling.settle()
    indexed = {prefix + id_ for id_ in shelf.indexed()}
    for name in sorted((present | indexed) - wanted):
        store.replace(name, ())
        shelf.drop_from_index(name.removeprefix(prefix))
    verdicts.met = shelf.ledger.met()
    return written, Resolution({}, {}, verdicts, strayed).unmet()


def _settled(
    shelf: Shelf, base: str, least: float, corrections: tuple[Correction, ...]
) -> tuple[Verdicts, tuple[Correction, ...]]:
    """Tell the ledger what has changed, and settle who is meant."""
    ledger, register = shelf.ledger, load_register()
    with shelf.transaction():
        if ledger.kept("program") != program():
            shelf.forget_who()
            ledger.keep("program", program())
        for id_ in shelf.pending():
            shelved = shelf.get(id_)
            if shelved is None:
                ledger.drop(id_)
            else:
                ledger.put(id_, *named_in(shelved.annotation, register))
        shelf.forget_pending()
        if ledger.kept("stated with") != [base, least]:
            ledger.mark_stale(shelf.ids())
            ledger.keep("stated with", [base, least])
        ledger.keep("decided", [str(correction) for correction in corrections])
        return settle(ledger, corrections)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a document says, what of that people decided about, and what it said before."""

    graph: DocumentGraph
    quads: tuple[Quad, ...]
    digest: str
    met: frozenset[Fact]
    stated: str


def _said(
    shelf: Shelf, id_: str, base: str, least: float, verdicts: Verdicts
) -> _Said | None:
    """State one document; None if it is no longer there."""
    shelved = shelf.get(id_)
    if shelved is None:
        return None
    verdicts.met.clear()
    resolution = Resolution(*who(shelf.ledger, load_register(), id_), verdicts)
    graph = state(shelved.document, shelved.annotation, resolution, least)
    quads = {str(quad): quad for quad in rdf.quads(graph, load_ontology(), base)}
    digest = hashlib.sha256("\n".join(sorted(quads)).encode()).hexdigest()
    met = frozenset(verdicts.met)
    return _Said(graph, tuple(quads.values()), digest, met, shelved.stated)


def _add(store: AnyStore, settling: Settling, new: Mapping[str, _Said]) -> None:
    store.add({name: said.quads for name, said in new.items()})
    for said in new.values():
        settling.add(said.graph, said.digest, said.met)


@cache
def program() -> str:
    """Return a digest of all that decides who is meant and what is stated of that."""
    digest = hashlib.sha256()
    code = Path(__file__).parent
    files = [
        *code.glob("*.py"),
        *(code / "values").glob("*.py"),
        *ontology_folder().rglob("*.ttl"),
        *ontology_folder().rglob("*.tsv"),
    ]
    for path in sorted(files, key=lambda p: p.name):
        digest.update(path.read_bytes())
    return digest.hexdigest()
