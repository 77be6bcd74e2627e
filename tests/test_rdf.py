"""What is written as RDF is read back as it was, whatever the names and numbers."""

from __future__ import annotations

from decimal import Decimal

import pyoxigraph
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, RdfFormat, Store

from kg import rdf
from kg.export import FORMATS, export
from kg.model import (
    Document,
    DocumentGraph,
    Entity,
    Evidence,
    Fact,
    MoneyEvent,
    NamedEntity,
    Span,
)
from kg.ontology import load_ontology
from kg.records import read_records
from kg.slug import slug
from kg.store import GraphStore

ONTOLOGY = load_ontology()
CLASS = next(iter(ONTOLOGY.classes))
KIND = next(iter(ONTOLOGY.money_kinds))
PREDICATE = next(iter(ONTOLOGY.predicates))
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


def graph_of(
    name: str, other: str, quote: str, status: str, amount: Decimal
) -> DocumentGraph:
    document = Document("doc-1", "a file.txt", quote, "0" * 64, title=name)
    first = Entity(f"{slug(CLASS)}/{slug(name)}-1", CLASS, name)
    second = Entity(f"{slug(CLASS)}/{slug(other)}-2", CLASS, other)
    evidence = Evidence(quote, 0, len(quote), Span(0, 1), Span(1, 2))
    fact = Fact(
        f"doc-1/{slug(name)}",
        first.id,
        PREDICATE,
        second.id,
        status,
        0.875,
        "doc-1",
        (evidence,),
        second.id,
    )
    money = MoneyEvent(
        f"doc-1/{slug(other)}",
        KIND,
        (first.id,),
        (second.id,),
        amount,
        None,
        "EUR",
        quote,
        "2023-06",
        status,
        0.5,
        "doc-1",
        (Evidence(quote, 0, len(quote), None, Span(0, 1)),),
    )
    named = tuple(NamedEntity(e, (e.label, "alias"), 2) for e in (first, second))
    return DocumentGraph(document, 7, named, (fact,), (money,))


def stored(graph: DocumentGraph) -> GraphStore:
    store = GraphStore(Store())
    store.replace(
        rdf.document_iri(rdf.DEFAULT_BASE, graph.document.id),
        rdf.quads(graph, ONTOLOGY, rdf.DEFAULT_BASE),
    )
    return store


@given(
    texts,
    texts,
    texts,
    st.sampled_from(sorted(ONTOLOGY.statuses)),
    st.decimals(0, 10**15, allow_nan=False, places=2),
)
def test_graph_is_read_back_as_it_was_written(
    name: str, other: str, quote: str, status: str, amount: Decimal
) -> None:
    records = read_records(
        stored(graph_of(name, other, quote, status, amount)), ONTOLOGY
    )
    (fact,) = records["facts"]
    assert (fact["predicate"], fact["status"]) == (PREDICATE, status)
    assert fact["evidence"]["text"] == quote
    assert fact["evidence"]["object"] == [1, 2]
    (event,) = records["money"]
    assert Decimal(event["amount"]) == amount
    assert event["payer"] == [fact["subject"]]
    assert event["purpose"] == quote
    labels = {entity["id"]: entity["label"] for entity in records["entities"]}
    assert labels[fact["subject"]] == name
    assert labels[fact["object"]] == other


def test_there_are_no_blank_nodes() -> None:
    for quad in stored(graph_of("a", "b", "c", "planned", Decimal(1))).all_quads():
        terms = (quad.subject, quad.predicate, quad.object, quad.graph_name)
        assert not any(isinstance(term, BlankNode) for term in terms)


@settings(max_examples=30)
@given(texts, texts)
def test_every_rdf_syntax_reads_back_to_the_same_quads(name: str, quote: str) -> None:
    store = stored(graph_of(name, "b", quote, "done", Decimal("1.50")))
    quads = set(store.all_quads())
    for format_, syntax in (
        ("nq", RdfFormat.N_QUADS),
        ("trig", RdfFormat.TRIG),
        ("jsonld", RdfFormat.JSON_LD),
    ):
        data = export(store, ONTOLOGY, format_)
        assert set(pyoxigraph.parse(data, format=syntax)) == quads, format_


@settings(max_examples=30)
@given(texts, texts)
def test_every_format_can_be_written_twice_alike(name: str, quote: str) -> None:
    store = stored(graph_of(name, "b", quote, "possible", Decimal(3)))
    for format_ in FORMATS:
        data = export(store, ONTOLOGY, format_)
        assert data == export(store, ONTOLOGY, format_)
        assert data


def test_csv_cells_are_no_formulas() -> None:
    graph = graph_of("=HYPERLINK(1)", "@b", "+c", "done", Decimal(1))
    text = export(stored(graph), ONTOLOGY, "csv").decode()
    assert "'=HYPERLINK(1)" in text
    assert "'@b" in text
    assert "'+c" in text
