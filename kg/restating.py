"""Bring the graph in line with the shelf: who is meant, and what is stated of that."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from kg import rdf
from kg.corrections import Correction, Verdicts
from kg.model import Annotation
from kg.named import named_in
from kg.ontology import load_ontology
from kg.paths import ontology_folder
from kg.progress import WRITING, Advance, Progress
from kg.register import load_register
from kg.resolve import Resolution, settle, who
from kg.settling import Settling, Stated
from kg.shelf import Shelf, Shelved
from kg.state import state
from kg.store import FEW, AnyStore


def take_down(shelf: Shelf, id_: str, annotation: Annotation) -> None:
    """Tell the ledger whom a document names that was just put on the shelf.

    So that is done while others are still being annotated.  Who is meant can be told when
    all are there.
    """
    with shelf.transaction():
        _begin_anew_if_changed(shelf)
        shelf.ledger.put(id_, *named_in(annotation, load_register()))
        shelf.forget_pending(id_)


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
    written = 0
    stale = shelf.ledger.stale()
    together = store.together if len(stale) >= FEW else 1
    with Settling(store, shelf, together) as settling:
        for done, id_ in enumerate(stale, 1):
            if progress:
                progress(Advance(WRITING, done, len(stale), 0, id_))
            shelved = shelf.get(id_)
            if shelved is None:
                shelf.ledger.mark_stated(id_, ())
                continue
            stated = _stated(shelved, shelf, base, least, verdicts)
            if stated.digest == shelved.stated:
                shelf.ledger.mark_stated(id_, stated.met)
                continue
            written += 1
            if prefix + id_ not in present:
                settling.add(prefix + id_, stated)
                continue
            # A build that is cut off does not know which graph the store holds.
            if shelved.stated:
                shelf.forget_stated(id_)
            settling.replace(prefix + id_, stated)
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
    ledger = shelf.ledger
    with shelf.transaction():
        _begin_anew_if_changed(shelf)
        for id_ in shelf.pending():
            shelved = shelf.get(id_)
            if shelved is None:
                ledger.drop(id_)
                shelf.forget_pending(id_)
            else:
                take_down(shelf, id_, shelved.annotation)
        if ledger.kept("stated with") != [base, least]:
            ledger.mark_stale(shelf.ids())
            ledger.keep("stated with", [base, least])
        ledger.keep("decided", [str(correction) for correction in corrections])
        return settle(ledger, corrections)


def _begin_anew_if_changed(shelf: Shelf) -> None:
    """Forget who is meant if this program would decide otherwise."""
    if shelf.ledger.kept("program") != program():
        shelf.forget_who()
        shelf.ledger.keep("program", program())


def _stated(
    shelved: Shelved, shelf: Shelf, base: str, least: float, verdicts: Verdicts
) -> Stated:
    verdicts.met.clear()
    id_ = shelved.document.id
    resolution = Resolution(*who(shelf.ledger, load_register(), id_), verdicts)
    graph = state(shelved.document, shelved.annotation, resolution, least)
    quads = {str(quad): quad for quad in rdf.quads(graph, load_ontology(), base)}
    digest = hashlib.sha256("\n".join(sorted(quads)).encode()).hexdigest()
    return Stated(graph, tuple(quads.values()), digest, frozenset(verdicts.met))


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
