"""Read the graph back as plain records: the neutral form of ``kg export --format json``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode, Quad

from kg.ontology import Ontology
from kg.rdf import RDF, RDFS, SKOS
from kg.store import AnyStore
from kg.where import open_store

Record = dict[str, Any]
_Node = Mapping[str, list[str]]


def records_of(
    output: Path, ontology: Ontology, address: str | None = None
) -> dict[str, list[Record]]:
    """Return the records of the graph of an output folder; see :func:`read_records`.

    Args:
        output: The folder of the graph.
        ontology: Tells what is a class, a predicate, a kind of money.
        address: A server that keeps the graph, if not the one that the folder names.

    Raises:
        UsageError: The address is none.
        StoreError: There is no graph, or it cannot be read.
    """
    with closing(open_store(output, address)) as store:
        return read_records(store, ontology)


def read_records(store: AnyStore, ontology: Ontology) -> dict[str, list[Record]]:
    """Return documents, entities, facts and money of a store.

    Ids are IRIs without their base, classes and predicates local names.  Facts and money
    are in document order; entities that several documents name are one record.
    """
    records: dict[str, list[Record]] = {
        "documents": [],
        "entities": [],
        "facts": [],
        "money": [],
    }
    entities: dict[str, Record] = {}
    for graph in store.documents():
        _read_graph(graph, store.quads(graph), ontology, records, entities)
    records["entities"] = [entities[key] for key in sorted(entities)]
    for entity in records["entities"]:
        names = sorted(entity["aliases"] - {entity["label"]})
        entity["aliases"] = names
        entity["sameAs"] = sorted(entity["sameAs"])
    return records


def _read_graph(
    graph: str,
    quads: Iterable[Quad],
    ontology: Ontology,
    records: dict[str, list[Record]],
    entities: dict[str, Record],
) -> None:
    base, _, document = graph.rpartition("document/")
    nodes = _nodes(quads, ontology)
    reader = _Reader(base, document, nodes)
    facts, money = [], []
    for iri, node in nodes.items():
        types = set(node.get("type", ()))
        if "Document" in types:
            records["documents"].append(reader.document_record(node))
        elif "Fact" in types:
            facts.append(reader.fact_record(iri, node))
        elif kinds := types & ontology.money_kinds.keys():
            money.append(reader.money_record(iri, node, min(kinds)))
        elif classes := types & ontology.classes.keys():
            reader.merge_entity(iri, node, min(classes), entities)
    order = _text_order
    records["facts"] += sorted(facts, key=order)
    records["money"] += sorted(money, key=order)


def _text_order(record: Record) -> tuple[int, str]:
    return record["evidence"]["start"], record["id"]


def _nodes(
    quads: Iterable[Quad], ontology: Ontology
) -> dict[str, dict[str, list[str]]]:
    """Group a graph's quads by subject, then by the predicate's local name."""
    ours = ontology.namespace
    known = (ours, RDF, RDFS, SKOS)
    nodes: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))

    @cache
    def local(predicate: str) -> str:
        return next((predicate[len(n) :] for n in known if predicate.startswith(n)), "")

    for quad in quads:
        name = local(quad.predicate.value)
        value = quad.object
        if not isinstance(value, NamedNode | Literal):
            raise ValueError(f"unexpected term in the graph: {value!r}")
        if isinstance(quad.subject, NamedNode):
            text = value.value
            if isinstance(value, NamedNode) and text.startswith(ours):
                text = text[len(ours) :]
            nodes[quad.subject.value][name].append(text)
    return nodes


class _Reader:
    """Makes records of the nodes of one document's graph."""

    def __init__(self, base: str, document: str, nodes: Mapping[str, _Node]) -> None:
        self._base, self._document, self._nodes = base, document, nodes

    def _id(self, iri: str) -> str:
        """Return an IRI without base and kind: ``person/emmanuel-macron``."""
        return iri.removeprefix(self._base).partition("/")[2]

    def _ids(self, iris: Iterable[str]) -> list[str]:
        return sorted(map(self._id, iris))

    def document_record(self, node: _Node) -> Record:
        return {
            "id": self._document,
            "path": _one(node, "path"),
            "title": _one(node, "label"),
            "date": _one(node, "date"),
            "publisher": _one(node, "publisher"),
            "url": _one(node, "url"),
            "words": int(_one(node, "wordCount") or 0),
        }

    def fact_record(self, iri: str, node: _Node) -> Record:
        return {
            "id": self._id(iri),
            "subject": self._id(node["subject"][0]),
            "predicate": node["predicate"][0],
            "object": self._id(node["object"][0]),
            "since": _one(node, "since"),
            "until": _one(node, "until"),
            **self._said(node),
        }

    def money_record(self, iri: str, node: _Node, kind: str) -> Record:
        return {
            "id": self._id(iri),
            "kind": kind,
            "label": _one(node, "label"),
            "payer": self._ids(node.get("payer", ())),
            "recipient": self._ids(node.get("recipient", ())),
            "amount": _one(node, "amount"),
            "amountMax": _one(node, "amountMax"),
            "currency": _one(node, "currency"),
            "purpose": _one(node, "purpose"),
            "date": _one(node, "date"),
            **self._said(node),
        }

    def _said(self, node: _Node) -> Record:
        speaker = _one(node, "attributedTo")
        evidence = sorted(
            (self._evidence(self._nodes[iri]) for iri in node["evidence"]),
            key=lambda e: (e["start"], e["object"] or [], e["subject"] or []),
        )
        return {
            "status": node["status"][0],
            "attributedTo": speaker and self._id(speaker),
            "confidence": float(node["confidence"][0]),
            "document": self._document,
            "evidence": evidence[0],
            "furtherEvidence": evidence[1:],
        }

    def _evidence(self, node: _Node) -> Record:
        def span(part: str) -> list[int] | None:
            if part + "Start" not in node:
                return None
            return [int(node[part + "Start"][0]), int(node[part + "End"][0])]

        return {
            "text": node["quote"][0],
            "start": int(node["start"][0]),
            "end": int(node["end"][0]),
            "subject": span("subject"),
            "object": span("object"),
        }

    def merge_entity(
        self, iri: str, node: _Node, type_: str, entities: dict[str, Record]
    ) -> None:
        record = entities.setdefault(
            iri,
            {
                "id": self._id(iri),
                "label": _one(node, "label"),
                "type": type_,
                "aliases": set(),
                "sameAs": set(),
                "documents": [],
                "mentions": 0,
            },
        )
        record["aliases"].update(node.get("altLabel", ()))
        record["sameAs"].update(node.get("exactMatch", ()))
        record["documents"].append(self._document)
        record["mentions"] += int(_one(node, "mentionCount") or 0)


def _one(node: _Node, name: str) -> str | None:
    values = node.get(name)
    return min(values) if values else None
