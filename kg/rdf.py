"""The border between our values and RDF: document graphs out, records back in."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyoxigraph
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat

from kg.model import DocumentGraph, Evidence, Fact, MoneyEvent
from kg.ontology import Ontology
from kg.values.amounts import format_amount

DEFAULT_BASE = "https://kg.internal/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"

_TYPE = NamedNode(RDF + "type")
_LABEL = NamedNode(RDFS + "label")
_ALIAS = NamedNode(SKOS + "altLabel")
_SAME = NamedNode(SKOS + "exactMatch")
_INTEGER = NamedNode(XSD + "integer")
_DECIMAL = NamedNode(XSD + "decimal")


def document_iri(base: str, document: str) -> str:
    """Return the IRI of a document, which is also the name of its graph."""
    return f"{base}document/{document}"


def quads(graph: DocumentGraph, ontology: Ontology, base: str) -> Iterator[Quad]:
    """Yield the quads of one document's named graph.

    A fact whose status the ontology marks as asserted is there as a plain triple too;
    of every other fact there is only the statement node.  There are no blank nodes.

    Args:
        graph: What the document says.
        ontology: Gives terms their IRIs.
        base: What the IRIs of documents, entities, facts and money begin with.
    """
    yield from _Writer(graph, ontology, base).quads()


def ontology_quads(folder: Path, graph: str) -> Iterator[Quad]:
    """Yield labels, definitions and hierarchy of the ontology's terms as a named graph."""
    wanted = {
        _TYPE,
        _LABEL,
        NamedNode(RDFS + "subClassOf"),
        NamedNode(SKOS + "definition"),
    }
    for path in sorted(folder.glob("*.ttl")):
        for quad in pyoxigraph.parse(path=path, format=RdfFormat.TURTLE):
            named = isinstance(quad.subject, NamedNode) and not isinstance(
                quad.object, BlankNode
            )
            if quad.predicate in wanted and named:
                yield Quad(quad.subject, quad.predicate, quad.object, NamedNode(graph))


class _Writer:
    """Holds what every quad of a document shares."""

    def __init__(self, graph: DocumentGraph, ontology: Ontology, base: str) -> None:
        self._graph = graph
        self._ontology = ontology
        self._base = base
        self._document = NamedNode(document_iri(base, graph.document.id))

    def quads(self) -> Iterator[Quad]:
        yield from self._document_quads()
        for named in self._graph.entities:
            entity = self._node("entity", named.entity.id)
            yield self._quad(entity, _TYPE, self._term(named.entity.type))
            yield self._quad(entity, _LABEL, Literal(named.entity.label))
            for name in named.names:
                if name != named.entity.label:
                    yield self._quad(entity, _ALIAS, Literal(name))
            for iri in named.entity.same_as:
                yield self._quad(entity, _SAME, NamedNode(iri))
            yield self._quad(
                entity, self._term("mentionCount"), _integer(named.mentions)
            )
        for fact in self._graph.facts:
            yield from self._fact_quads(fact)
        for event in self._graph.money:
            yield from self._money_quads(event)

    def _document_quads(self) -> Iterator[Quad]:
        document = self._graph.document
        yield self._quad(self._document, _TYPE, self._term("Document"))
        texts = {
            "path": document.path,
            "date": document.date,
            "publisher": document.publisher,
            "url": document.url,
            "sha256": document.sha256,
        }
        for name, text in texts.items():
            if text:
                yield self._quad(self._document, self._term(name), Literal(text))
        yield self._quad(
            self._document, _LABEL, Literal(document.title or document.path)
        )
        yield self._quad(
            self._document, self._term("wordCount"), _integer(self._graph.words)
        )

    def _fact_quads(self, fact: Fact) -> Iterator[Quad]:
        subject = self._node("entity", fact.subject)
        predicate = self._term(fact.predicate)
        object_ = self._node("entity", fact.object)
        if self._ontology.statuses[fact.status].asserted:
            yield self._quad(subject, predicate, object_)
        statement = self._node("fact", fact.id)
        yield self._quad(statement, _TYPE, self._term("Fact"))
        yield self._quad(statement, NamedNode(RDF + "subject"), subject)
        yield self._quad(statement, NamedNode(RDF + "predicate"), predicate)
        yield self._quad(statement, NamedNode(RDF + "object"), object_)
        for name, date in (("since", fact.since), ("until", fact.until)):
            if date:
                yield self._quad(statement, self._term(name), Literal(date))
        yield from self._said(statement, fact)

    def _money_quads(self, event: MoneyEvent) -> Iterator[Quad]:
        node = self._node("money", event.id)
        yield self._quad(node, _TYPE, self._term(event.kind))
        if event.amount is not None and event.currency:
            label = format_amount(event.amount, event.amount_max, event.currency)
            yield self._quad(node, _LABEL, Literal(label))
        for role, entities in (("payer", event.payer), ("recipient", event.recipient)):
            for entity in entities:
                yield self._quad(node, self._term(role), self._node("entity", entity))
        for name, amount in (("amount", event.amount), ("amountMax", event.amount_max)):
            if amount is not None:
                yield self._quad(node, self._term(name), _decimal(amount))
        texts = {
            "currency": event.currency,
            "purpose": event.purpose,
            "date": event.date,
        }
        for name, text in texts.items():
            if text:
                yield self._quad(node, self._term(name), Literal(text))
        yield from self._said(node, event)

    def _said(self, node: NamedNode, said: Fact | MoneyEvent) -> Iterator[Quad]:
        """Yield how sure the document is, who says so, and the sentences."""
        yield self._quad(node, self._term("status"), self._term(said.status))
        confidence = Decimal(str(round(said.confidence, 3)))
        yield self._quad(node, self._term("confidence"), _decimal(confidence))
        yield self._quad(node, self._term("document"), self._document)
        if said.attributed_to:
            speaker = self._node("entity", said.attributed_to)
            yield self._quad(node, self._term("attributedTo"), speaker)
        for evidence in said.evidence:
            place = self._evidence_iri(evidence)
            yield self._quad(node, self._term("evidence"), place)
            yield from self._evidence_quads(place, evidence)

    def _evidence_iri(self, evidence: Evidence) -> NamedNode:
        spans = [(evidence.start, evidence.end)]
        spans += [(s.start, s.end) for s in (evidence.subject, evidence.object) if s]
        place = "_".join(f"{start}-{end}" for start, end in spans)
        # A sum has no subject: "o" keeps its evidence apart from a fact's.
        mark = "" if evidence.subject else "o"
        return self._node("evidence", f"{self._graph.document.id}/{place}{mark}")

    def _evidence_quads(self, place: NamedNode, evidence: Evidence) -> Iterator[Quad]:
        yield self._quad(place, _TYPE, self._term("Evidence"))
        yield self._quad(place, self._term("quote"), Literal(evidence.text))
        numbers = {"start": evidence.start, "end": evidence.end}
        if evidence.subject:
            numbers |= {
                "subjectStart": evidence.subject.start,
                "subjectEnd": evidence.subject.end,
            }
        if evidence.object:
            numbers |= {
                "objectStart": evidence.object.start,
                "objectEnd": evidence.object.end,
            }
        for name, number in numbers.items():
            yield self._quad(place, self._term(name), _integer(number))

    def _node(self, kind: str, id_: str) -> NamedNode:
        return NamedNode(f"{self._base}{kind}/{id_}")

    def _term(self, name: str) -> NamedNode:
        return NamedNode(self._ontology.iri(name))

    def _quad(
        self, subject: NamedNode, predicate: NamedNode, object_: NamedNode | Literal
    ) -> Quad:
        return Quad(subject, predicate, object_, self._document)


def _integer(number: int) -> Literal:
    return Literal(str(number), datatype=_INTEGER)


def _decimal(number: Decimal) -> Literal:
    """Return a decimal in XSD's canonical spirit: no exponent, no trailing zeros."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return Literal(text, datatype=_DECIMAL)
