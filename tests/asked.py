"""A small graph on disk, for tests that ask it."""

from __future__ import annotations

from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad

from kg.ontology import NAMESPACE
from kg.store import GraphStore

BASE = "https://kg.internal/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"

ENTITIES = {
    "law/ai-act": ('AI "Act"', "Artificial Intelligence Act"),
    "law/x": ("x || true", ""),
    "law/plain": ("plain", ""),
    "person/jane-roe": ("Jane Roe", "Roe"),
    "person/jane-roe-2": ("Jane Roe", ""),
    "company/mistral-ai": ("Mistral AI", "Mistral"),
}
DOCUMENTS = (f"{BASE}document/a-1", f"{BASE}document/b-2")


def store_sample(output: Path) -> Path:
    """Write two documents that both name six entities; return the output folder."""
    store = GraphStore.open(output, writable=True)
    for document in DOCUMENTS:
        store.replace(document, list(_quads(document)))
    store.flush()
    store.publish(output)
    store.close()
    return output


def _quads(document: str) -> list[Quad]:
    graph = NamedNode(document)
    quads = []
    for id_, (label, alias) in ENTITIES.items():
        entity = NamedNode(f"{BASE}entity/{id_}")
        class_ = id_.partition("/")[0].capitalize()
        said = [
            (RDF + "type", NamedNode(NAMESPACE + class_)),
            (RDFS + "label", Literal(label)),
            (NAMESPACE + "mentionCount", Literal(2)),
        ]
        if alias:
            said.append((SKOS + "altLabel", Literal(alias)))
        quads += [Quad(entity, NamedNode(p), o, graph) for p, o in said]
    return quads
