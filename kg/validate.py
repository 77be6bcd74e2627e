"""Check that the graph is sound: its shapes, its evidence and what it asserts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kg.deep import damage
from kg.ontology import Ontology
from kg.paths import ontology_folder
from kg.rdf import document_iri
from kg.records import Record, read_records
from kg.shelf import Shelf
from kg.store import FOLDER, MENDING, AnyStore, GraphStore
from kg.where import open_store


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that is not as it must be: the document or node, and what is wrong."""

    where: str
    message: str


def validate(
    output: Path, ontology: Ontology, address: str | None = None, *, deep: bool = False
) -> list[Violation]:
    """Check the graph of an output folder.

    Three things are checked: every graph against the SHACL shapes of the ontology; every
    quotation against the document's text at its offsets; and that plain triples stand
    for exactly the facts whose status the ontology asserts.  Asked to go deep, it first
    reads all that the folder keeps, and of what is damaged it looks at nothing else.

    Args:
        output: The folder of the graph.
        ontology: Says what is asserted.
        address: A server that keeps the graph, if not the one that the folder names.
        deep: Compare every index of the store, and check the shelf.

    Raises:
        StoreError: There is no graph, or it cannot be read.
    """
    if deep:
        found = [Violation(str(where), said) for where, said in damage(output)]
        if found:
            return found
    with (
        closing(open_store(output, address)) as store,
        closing(Shelf.open(output)) as shelf,
    ):
        records = read_records(store, ontology)
        return [
            *_torn(store, shelf, output),
            *_misquoted(records, shelf),
            *_wrongly_asserted(store, records, ontology),
            *_shapes(store, ontology),
        ]


def _torn(store: AnyStore, shelf: Shelf, output: Path) -> Iterator[Violation]:
    """Yield documents whose graph is not the one that was stated."""
    base = shelf.setting("base") or ""
    for shelved in shelf:
        graph = document_iri(base, shelved.document.id)
        lines = "\n".join(sorted(map(str, store.quads(graph))))
        if hashlib.sha256(lines.encode()).hexdigest() != shelved.stated:
            message = "its graph is not what was written; "
            if shelved.stated and isinstance(store, GraphStore):
                message += MENDING.format(output / FOLDER)
            else:
                message += "run `kg build` again"
            yield Violation(shelved.document.path, message)


def _misquoted(records: dict[str, list[Record]], shelf: Shelf) -> Iterator[Violation]:
    texts = {shelved.document.id: shelved.document.text for shelved in shelf}
    for said in records["facts"] + records["money"]:
        text = texts.get(said["document"], "")
        for evidence in [said["evidence"], *said["furtherEvidence"]]:
            if text[evidence["start"] : evidence["end"]] != evidence["text"]:
                yield Violation(said["id"], "its sentence is not at its offsets")


def _wrongly_asserted(
    store: AnyStore, records: dict[str, list[Record]], ontology: Ontology
) -> Iterator[Violation]:
    predicates = {ontology.iri(name): name for name in ontology.predicates}
    plain = set()
    for graph in store.documents():
        base, _, document = graph.rpartition("document/")
        for quad in store.quads(graph):
            name = predicates.get(quad.predicate.value)
            if name:
                ends = (str(quad.subject)[1:-1], str(quad.object)[1:-1])
                subject, object_ = (iri.removeprefix(base + "entity/") for iri in ends)
                plain.add((document, subject, name, object_))
    asserted = {
        (f["document"], f["subject"], f["predicate"], f["object"])
        for f in records["facts"]
        if ontology.statuses[f["status"]].asserted
    }
    for document, *fact in sorted(plain - asserted):
        yield Violation(
            document, f"asserted without such a statement: {' '.join(fact)}"
        )
    for document, *fact in sorted(asserted - plain):
        yield Violation(document, f"stated but not asserted: {' '.join(fact)}")


def _shapes(store: AnyStore, ontology: Ontology) -> Iterator[Violation]:
    # rdflib and pySHACL take half a second to import: only this command pays it.
    import pyshacl
    from rdflib import RDF, Graph, Namespace

    shacl = Namespace("http://www.w3.org/ns/shacl#")
    folder = ontology_folder()
    terms = Graph()
    for name in ("policy.ttl", "record.ttl"):
        terms.parse(folder / name)
    shapes = Graph().parse(folder / "shapes.ttl")
    derived = terms.query((folder / "signature-shapes.rq").read_text("utf-8")).graph
    if derived is not None:
        shapes += derived
    statuses = "".join(
        f"<{status.iri}> <{RDF.type}> <{ontology.iri('Status')}> .\n"
        for status in ontology.statuses.values()
    )
    for name in store.documents():
        lines = statuses + "".join(
            f"{q.subject} {q.predicate} {q.object} .\n" for q in store.quads(name)
        )
        data = Graph().parse(data=lines, format="nt")
        _, report, _ = pyshacl.validate(data, shacl_graph=shapes, ont_graph=terms)
        for result in report.subjects(RDF.type, shacl.ValidationResult):
            focus = report.value(result, shacl.focusNode)
            message = report.value(result, shacl.resultMessage)
            yield Violation(f"{name.rpartition('/')[2]}: {focus}", str(message))
