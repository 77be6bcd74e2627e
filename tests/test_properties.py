"""Whatever names there are, each output reads back as it was; whatever happens, the graph
says what its documents say."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import networkx as nx
import pyoxigraph
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pyoxigraph import NamedNode, RdfFormat, Store

from kg import rdf
from kg.building import restate
from kg.export import export
from kg.model import (
    Annotation,
    Claim,
    Document,
    DocumentGraph,
    Entity,
    Evidence,
    Fact,
    LocalEntity,
    MoneyEvent,
    NamedEntity,
    Span,
)
from kg.ontology import load_ontology
from kg.records import read_records
from kg.resolve import resolve
from kg.shelf import Shelf
from kg.slug import slug
from kg.state import state
from kg.store import GraphStore

BASE = rdf.DEFAULT_BASE
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
HOSTILE = st.sampled_from(
    [
        'x> <http://p> "pwn" . <http://y',
        '=HYPERLINK("http://a")',
        "</script><script>alert(1)</script>",
        "Ada\u202enotS",
        "a\r\nb\x85c\u2028d",
        "nul\0, \ufffe, \x1b[31m",
        '"""',
        "' || true || '",
        "\\u0041 \\",
        "e\u0301 é",
        "%00 %zz ?x $y {}",
    ]
)
ANY = NAMES | HOSTILE
FORMATS = {"nq": RdfFormat.N_QUADS, "trig": RdfFormat.TRIG, "jsonld": RdfFormat.JSON_LD}


def graph_of(label: str, other: str, quote: str) -> DocumentGraph:
    """Return a document that tells a fact and a sum, with these texts."""
    document = Document(
        "a-1", quote, quote, "0" * 64, title=label, publisher=other, url=None
    )
    person = Entity(f"person/{slug(label)}", "Person", label)
    company = Entity(f"company/{slug(other)}", "Company", other)
    evidence = Evidence(quote, 0, len(quote), Span(0, 1), Span(0, 1))
    fact = Fact(
        "a-1/fact", person.id, "leads", company.id, "done", 0.9, "a-1", (evidence,)
    )
    event = MoneyEvent(
        "a-1/sum", "Investment", (person.id,), (company.id,), Decimal("4.50"), None,
        "EUR", other, "2024", "planned", 0.5, "a-1", (Evidence(quote, 0, len(quote)),),
    )  # fmt: skip
    named = (
        NamedEntity(person, (label, other), 2),
        NamedEntity(company, (other,), 1),
    )
    return DocumentGraph(document, 3, named, (fact,), (event,))


def stored(graph: DocumentGraph) -> GraphStore:
    store = GraphStore(Store())
    quads = list(rdf.quads(graph, load_ontology(), BASE))
    store.replace(rdf.document_iri(BASE, graph.document.id), quads)
    return store


@settings(max_examples=60)
@given(ANY, ANY, ANY)
def test_every_writer_is_read_back(label: str, other: str, quote: str) -> None:
    store = stored(graph_of(label, other, quote))
    quads = set(store.all_quads())
    for name, syntax in FORMATS.items():
        data = export(store, load_ontology(), name)
        assert set(pyoxigraph.parse(data, syntax)) == quads
    triples = {(q.subject, q.predicate, q.object) for q in quads}
    turtle = pyoxigraph.parse(export(store, load_ontology(), "ttl"), RdfFormat.TURTLE)
    assert {(t.subject, t.predicate, t.object) for t in turtle} == triples
    records = json.loads(export(store, load_ontology(), "json"))
    assert records == json.loads(
        json.dumps(read_records(store, load_ontology()), ensure_ascii=False)
    )
    (fact,) = records["facts"]
    assert fact["evidence"]["text"] == quote
    labels = {entity["label"] for entity in records["entities"]}
    assert labels == {label, other}
    (document,) = records["documents"]
    assert (document["path"], document["title"]) == (quote, label)


def for_xml(text: str) -> str:
    """Return what is left of a text in XML, as its reader gives it."""
    kept = re.sub(
        "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text
    )
    return kept.replace("\r\n", "\n").replace("\r", "\n")


@settings(max_examples=30)
@given(ANY, ANY)
def test_graphs_and_tables_are_read_back(label: str, other: str) -> None:
    store = stored(graph_of(label, other, "Ada leads."))
    graphml = nx.read_graphml(io.BytesIO(export(store, load_ontology(), "graphml")))
    labels = {data["label"] for _, data in graphml.nodes(data=True)}
    assert {for_xml(label), for_xml(other)} <= {for_xml(text) for text in labels}
    gexf = nx.read_gexf(io.BytesIO(export(store, load_ontology(), "gexf")))
    assert len(gexf) == len(graphml)
    table = export(store, load_ontology(), "csv").decode()
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    fact = next(row for row in rows if row["predicate"] == "leads")
    for said, cell in ((label, fact["subject"]), (other, fact["object"])):
        # A spreadsheet would take it for a formula: it is kept behind an apostrophe.
        lines = said.replace("\r\n", "\n").replace("\r", "\n")
        assert cell in {lines, "'" + lines}
        assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r", "\0"}


@given(ANY)
def test_an_iri_is_made_of_any_name_and_always_the_same(name: str) -> None:
    iri = f"{BASE}entity/person/{slug(name)}"
    assert NamedNode(iri).value == iri
    assert slug(name) == slug(name)
    (quad,) = pyoxigraph.parse(f"<{iri}> <a:b> <a:c> .", RdfFormat.N_TRIPLES)
    assert quad.subject == NamedNode(iri)


# ------------------------------------------------------------------- what may happen

DOCUMENTS = st.sampled_from(["one", "two", "three"])
PEOPLE = st.sampled_from(["Ada Stone", "Vera Lind", "Omar Haddad"])
COMPANIES = st.sampled_from(["Acme Robotics", "Borealis Ventures"])
PREDICATES = st.sampled_from(["leads", "founded", "worksFor"])
STATUSES = st.sampled_from(["done", "planned", "denied"])

Told = tuple[str, str, str, str]


def told_by(told: frozenset[Told]) -> Annotation:
    """Return the annotation of a document that tells these things."""
    names: dict[str, LocalEntity] = {}
    claims = []
    for number, (person, predicate, company, status) in enumerate(sorted(told)):
        for name, type_ in ((person, "Person"), (company, "Company")):
            if name not in names:
                key = f"e{len(names)}"
                names[name] = LocalEntity(key, type_, name, (name,), (Span(0, 1),))
        evidence = Evidence(f"Sentence {number}.", 100 * number, 100 * number + 11)
        ends = (names[person].key, names[company].key)
        claims.append(Claim(ends[0], predicate, ends[1], status, 0.9, evidence))
    return Annotation(tuple(names.values()), tuple(claims), (), 9)


class Graph(RuleBasedStateMachine):
    """A graph on disk beside a dictionary that says what it must tell."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.output = Path(self._folder.name)
        self.shelved: dict[str, frozenset[Told]] = {}
        self.rejected: set[tuple[str, str, str]] = set()
        self.seen: set[tuple[str, Told]] | None = None
        with closing(Shelf.open(self.output, writable=True)):
            pass

    def teardown(self) -> None:
        self._folder.cleanup()

    @rule(
        document=DOCUMENTS,
        told=st.frozensets(
            st.tuples(PEOPLE, PREDICATES, COMPANIES, STATUSES), max_size=4
        ),
    )
    def read(self, document: str, told: frozenset[Told]) -> None:
        """A build has read a text, and is cut off then."""
        text = Document(document, f"{document}.txt", "", "0" * 64)
        with closing(Shelf.open(self.output, writable=True)) as shelf:
            shelf.put(f"/{document}.txt", str(told), "1", text, told_by(told))
        self.shelved[document] = told

    @rule(document=DOCUMENTS)
    def remove(self, document: str) -> None:
        with closing(Shelf.open(self.output, writable=True)) as shelf:
            shelf.remove(document)
        self.shelved.pop(document, None)

    @rule(person=PEOPLE, predicate=PREDICATES, company=COMPANIES)
    def reject(self, person: str, predicate: str, company: str) -> None:
        line = f"reject person/{slug(person)} {predicate} company/{slug(company)}\n"
        with (self.output / "corrections.txt").open("a") as file:
            file.write(line)
        self.rejected.add((person, predicate, company))

    @rule(document=DOCUMENTS)
    def cut_off(self, document: str) -> None:
        """A build is killed when it has written one document and not yet said so."""
        if document not in self.shelved:
            return
        found = told_by(self.shelved[document])
        text = Document(document, f"{document}.txt", "", "0" * 64)
        graph = state(text, found, resolve([(document, found)]))
        with closing(Shelf.open(self.output, writable=True)) as shelf:
            shelf.forget_stated(document)
        with closing(GraphStore.open(self.output, writable=True)) as store:
            quads = rdf.quads(graph, load_ontology(), BASE)
            store.replace(rdf.document_iri(BASE, document), quads)

    @rule()
    def build(self) -> None:
        restate(self.output)
        self.seen = {
            (document, one)
            for document, told in self.shelved.items()
            for one in told
            if one[:3] not in self.rejected
        }

    @invariant()
    def readers_see_what_was_built(self) -> None:
        if self.seen is None:
            return
        with closing(GraphStore.open(self.output)) as store:
            records = read_records(store, load_ontology())
        names = {entity["id"]: entity["label"] for entity in records["entities"]}
        facts = {
            (
                fact["document"],
                (
                    names[fact["subject"]],
                    fact["predicate"],
                    names[fact["object"]],
                    fact["status"],
                ),
            )
            for fact in records["facts"]
        }
        assert facts == self.seen


TestGraph = Graph.TestCase
TestGraph.settings = settings(
    max_examples=6,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
