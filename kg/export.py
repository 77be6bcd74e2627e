"""Write the graph for others: RDF syntaxes, JSON, GraphML, GEXF, CSV and Parquet."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyoxigraph
from pyoxigraph import Quad, RdfFormat, Triple

from kg.analysis import to_networkx
from kg.errors import UsageError
from kg.ontology import Ontology
from kg.records import Record, read_records
from kg.store import AnyStore
from kg.table import safe_cell

# The table of facts and money.
COLUMNS = (
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
)

_GEXF_DATE = re.compile(rb' lastmodifieddate="[^"]*"')
# Characters that XML 1.0 cannot hold, even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def export(store: AnyStore, ontology: Ontology, format_: str) -> bytes:
    """Return the whole graph in a format of :data:`FORMATS`, the same bytes each time."""
    return FORMATS[format_](store, ontology)


def _sorted_quads(store: AnyStore) -> list[Quad]:
    return sorted(
        store.all_quads(),
        key=lambda q: (
            str(q.graph_name),
            str(q.subject),
            str(q.predicate),
            str(q.object),
        ),
    )


def _nquads(store: AnyStore, ontology: Ontology) -> bytes:
    return "".join(sorted(f"{quad} .\n" for quad in store.all_quads())).encode()


def _trig(store: AnyStore, ontology: Ontology) -> bytes:
    return _serialized(_sorted_quads(store), RdfFormat.TRIG, ontology)


def _json_ld(store: AnyStore, ontology: Ontology) -> bytes:
    return _serialized(_sorted_quads(store), RdfFormat.JSON_LD, ontology)


def turtle(triples: Iterable[Triple], ontology: Ontology) -> bytes:
    """Return triples as Turtle, sorted, with the ontology's prefixes."""
    ordered = sorted(
        set(triples), key=lambda t: (str(t.subject), str(t.predicate), str(t.object))
    )
    return _serialized(ordered, RdfFormat.TURTLE, ontology)


def _turtle(store: AnyStore, ontology: Ontology) -> bytes:
    triples = (Triple(q.subject, q.predicate, q.object) for q in store.all_quads())
    return turtle(triples, ontology)


def _serialized(
    statements: list[Quad] | list[Triple], syntax: RdfFormat, ontology: Ontology
) -> bytes:
    out = io.BytesIO()
    pyoxigraph.serialize(statements, out, syntax, prefixes=dict(ontology.prefixes))
    return out.getvalue()


def _json(store: AnyStore, ontology: Ontology) -> bytes:
    records = read_records(store, ontology)
    return (json.dumps(records, ensure_ascii=False, indent=1) + "\n").encode()


def _graphml(store: AnyStore, ontology: Ontology) -> bytes:
    import networkx as nx

    buffer = io.BytesIO()
    nx.write_graphml(_xml_graph(store, ontology), buffer)
    return buffer.getvalue()


def _gexf(store: AnyStore, ontology: Ontology) -> bytes:
    import networkx as nx

    buffer = io.BytesIO()
    nx.write_gexf(_xml_graph(store, ontology), buffer)
    # networkx dates the file: the same graph would give other bytes tomorrow.
    return _GEXF_DATE.sub(b"", buffer.getvalue(), count=1)


def _xml_graph(store: AnyStore, ontology: Ontology) -> Any:
    """Return the graph as networkx, with texts that XML can hold."""
    graph = to_networkx(read_records(store, ontology), ontology)
    told = [data for _, data in graph.nodes(data=True)]
    told += [data for *_, data in graph.edges(data=True)]
    for data in told:
        data.update({k: _xml(v) for k, v in data.items() if isinstance(v, str)})
    return graph


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _csv(store: AnyStore, ontology: Ontology) -> bytes:
    """Return facts and money as one table: a row each, with its sentence."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in _rows(read_records(store, ontology)):
        writer.writerow(_safe_row(*row.values()))
    return out.getvalue().encode()


def _parquet(store: AnyStore, ontology: Ontology) -> bytes:
    """Return the table of :func:`_csv` with numbers as numbers."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise UsageError(
            "--format parquet needs pyarrow: pip install 'kg-policy[parquet]'"
        ) from error

    types = {
        **dict.fromkeys(COLUMNS, pa.string()),
        **dict.fromkeys(("start", "end"), pa.int64()),
        **dict.fromkeys(("amount", "confidence"), pa.float64()),
    }
    rows = list(_rows(read_records(store, ontology)))
    for row in rows:
        row["amount"] = row["amount"] and float(row["amount"])
    buffer = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, pa.schema(types)), buffer)
    return buffer.getvalue()


def _rows(records: dict[str, list[Record]]) -> Iterator[Record]:
    """Yield facts, then money, as rows by column; None where there is nothing to say."""
    names = {entity["id"]: entity["label"] for entity in records["entities"]}
    paths = {document["id"]: document["path"] for document in records["documents"]}

    def row(said: Record, **cells: str | None) -> Record:
        evidence = said["evidence"]
        return {
            **dict.fromkeys(COLUMNS),
            **cells,
            "status": said["status"],
            "attributed_to": names.get(said["attributedTo"]),
            "confidence": said["confidence"],
            "document": paths[said["document"]],
            "start": evidence["start"],
            "end": evidence["end"],
            "sentence": evidence["text"],
        }

    for fact in records["facts"]:
        yield row(
            fact,
            subject=names[fact["subject"]],
            predicate=fact["predicate"],
            object=names[fact["object"]],
            since=fact["since"],
            until=fact["until"],
        )
    for event in records["money"]:
        yield row(
            event,
            subject="; ".join(names[i] for i in event["payer"]),
            predicate=event["kind"],
            object="; ".join(names[i] for i in event["recipient"]),
            amount=event["amount"],
            currency=event["currency"],
            purpose=event["purpose"],
            date=event["date"],
        )


def _safe_row(*cells: Any) -> list[str]:
    return [safe_cell("" if cell is None else str(cell)) for cell in cells]


FORMATS: dict[str, Callable[[AnyStore, Ontology], bytes]] = {
    "json": _json,
    "ttl": _turtle,
    "trig": _trig,
    "nq": _nquads,
    "jsonld": _json_ld,
    "graphml": _graphml,
    "gexf": _gexf,
    "csv": _csv,
    "parquet": _parquet,
}
