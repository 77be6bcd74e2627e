"""Write the graph for others: RDF syntaxes, JSON, GraphML and CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import pyoxigraph
from pyoxigraph import Quad, RdfFormat, Triple

from kg.ontology import Ontology
from kg.records import read_records
from kg.store import GraphStore

# Characters that XML 1.0 cannot hold, even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def export(store: GraphStore, ontology: Ontology, format_: str) -> bytes:
    """Return the whole graph in a format of :data:`FORMATS`, the same bytes each time."""
    return FORMATS[format_](store, ontology)


def _sorted_quads(store: GraphStore) -> list[Quad]:
    return sorted(
        store.all_quads(),
        key=lambda q: (
            str(q.graph_name),
            str(q.subject),
            str(q.predicate),
            str(q.object),
        ),
    )


def _nquads(store: GraphStore, ontology: Ontology) -> bytes:
    return "".join(sorted(f"{quad} .\n" for quad in store.all_quads())).encode()


def _trig(store: GraphStore, ontology: Ontology) -> bytes:
    return _serialized(_sorted_quads(store), RdfFormat.TRIG, ontology)


def _json_ld(store: GraphStore, ontology: Ontology) -> bytes:
    return _serialized(_sorted_quads(store), RdfFormat.JSON_LD, ontology)


def turtle(triples: Iterable[Triple], ontology: Ontology) -> bytes:
    """Return triples as Turtle, sorted, with the ontology's prefixes."""
    ordered = sorted(
        set(triples), key=lambda t: (str(t.subject), str(t.predicate), str(t.object))
    )
    return _serialized(ordered, RdfFormat.TURTLE, ontology)


def _turtle(store: GraphStore, ontology: Ontology) -> bytes:
    triples = (Triple(q.subject, q.predicate, q.object) for q in store.all_quads())
    return turtle(triples, ontology)


def _serialized(
    statements: list[Quad] | list[Triple], syntax: RdfFormat, ontology: Ontology
) -> bytes:
    out = io.BytesIO()
    pyoxigraph.serialize(statements, out, syntax, prefixes=dict(ontology.prefixes))
    return out.getvalue()


def _json(store: GraphStore, ontology: Ontology) -> bytes:
    records = read_records(store, ontology)
    return (json.dumps(records, ensure_ascii=False, indent=1) + "\n").encode()


def _graphml(store: GraphStore, ontology: Ontology) -> bytes:
    import networkx as nx

    records = read_records(store, ontology)
    graph = nx.MultiDiGraph()
    for entity in records["entities"]:
        graph.add_node(
            entity["id"],
            label=_xml(entity["label"]),
            type=entity["type"],
            mentions=entity["mentions"],
        )
    for event in records["money"]:
        graph.add_node(
            event["id"],
            label=_xml(event["label"] or event["kind"]),
            type=event["kind"],
            amount=event["amount"] or "",
            currency=event["currency"] or "",
            status=event["status"],
        )
        for role in ("payer", "recipient"):
            for entity in event[role]:
                _edge(graph, entity, event["id"], role, event)
    for fact in records["facts"]:
        _edge(graph, fact["subject"], fact["object"], fact["predicate"], fact)
    buffer = io.BytesIO()
    nx.write_graphml(graph, buffer)
    return buffer.getvalue()


def _edge(graph: Any, source: str, target: str, label: str, said: Any) -> None:
    graph.add_edge(
        source,
        target,
        label=label,
        status=said["status"],
        confidence=said["confidence"],
        document=said["document"],
        sentence=_xml(said["evidence"]["text"]),
    )


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _csv(store: GraphStore, ontology: Ontology) -> bytes:
    """Return facts and money as one table: a row each, with its sentence."""
    records = read_records(store, ontology)
    names = {entity["id"]: entity["label"] for entity in records["entities"]}
    paths = {document["id"]: document["path"] for document in records["documents"]}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            "subject",
            "predicate",
            "object",
            "amount",
            "currency",
            "purpose",
            "date",
            "since",
            "until",
            "status",
            "attributed_to",
            "confidence",
            "document",
            "start",
            "end",
            "sentence",
        ]
    )
    for fact in records["facts"]:
        writer.writerow(
            _safe_row(
                names[fact["subject"]],
                fact["predicate"],
                names[fact["object"]],
                *[""] * 4,
                fact["since"],
                fact["until"],
                *_said_cells(fact, names, paths),
            )
        )
    for event in records["money"]:
        writer.writerow(
            _safe_row(
                "; ".join(names[i] for i in event["payer"]),
                event["kind"],
                "; ".join(names[i] for i in event["recipient"]),
                event["amount"],
                event["currency"],
                event["purpose"],
                event["date"],
                *[""] * 2,
                *_said_cells(event, names, paths),
            )
        )
    return out.getvalue().encode()


def _said_cells(
    said: dict[str, Any], names: dict[str, str], paths: dict[str, str]
) -> list[Any]:
    evidence = said["evidence"]
    return [
        said["status"],
        names.get(said["attributedTo"], ""),
        said["confidence"],
        paths[said["document"]],
        evidence["start"],
        evidence["end"],
        evidence["text"],
    ]


def _safe_row(*cells: Any) -> list[str]:
    return [safe_cell("" if cell is None else str(cell)) for cell in cells]


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula (OWASP ASVS 1.2.10)."""
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r", "\0"} else text


FORMATS: dict[str, Callable[[GraphStore, Ontology], bytes]] = {
    "json": _json,
    "ttl": _turtle,
    "trig": _trig,
    "nq": _nquads,
    "jsonld": _json_ld,
    "graphml": _graphml,
    "csv": _csv,
}
