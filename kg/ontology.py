"""The ontology, loaded once: which classes, predicates, kinds and statuses there are.

Everything that has to do with terms asks here: labels, colours, what may be related to
what.  Adding a term is an edit in ``ontology/`` and nowhere else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import pyoxigraph
from pyoxigraph import Literal, NamedNode, RdfFormat

from kg.errors import KgError
from kg.paths import ontology_folder

NAMESPACE = "https://kg.internal/ontology#"
DISPLAY = "https://kg.internal/display#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_OWL = "http://www.w3.org/2002/07/owl#"
_SKOS = "http://www.w3.org/2004/02/skos/core#"

Triples = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Values by subject and predicate IRI."""


_Term = TypeVar("_Term", "OntologyClass", "Predicate", "Status")


class OntologyError(KgError):
    """An ontology file is broken, or a term lacks what every term must have."""


@dataclass(frozen=True, slots=True)
class OntologyClass:
    """A class of entities or a kind of money event, and how it looks."""

    name: str
    iri: str
    label: str
    plural: str
    definition: str
    example: str
    colour: str
    shape: str
    order: int


@dataclass(frozen=True, slots=True)
class Predicate:
    """A relation; domain and range are names of concrete classes.

    Things of a class in ``pairs_only`` it links only to things of the same class.
    """

    name: str
    iri: str
    label: str
    inverse_label: str
    definition: str
    example: str
    domain: frozenset[str]
    range: frozenset[str]
    symmetric: bool
    pairs_only: frozenset[str]


@dataclass(frozen=True, slots=True)
class Status:
    """How sure a text is; only facts of an asserted status are plain triples."""

    name: str
    iri: str
    label: str
    definition: str
    asserted: bool
    line: str
    mark: str


@dataclass(frozen=True, slots=True, eq=False)
class Ontology:
    """All terms, by local name and in the order in which they are shown."""

    classes: Mapping[str, OntologyClass]
    money_kinds: Mapping[str, OntologyClass]
    predicates: Mapping[str, Predicate]
    statuses: Mapping[str, Status]
    prefixes: Mapping[str, str]
    namespace: str = NAMESPACE
    _members: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    _triples: Triples = field(default_factory=dict, repr=False)

    def iri(self, name: str) -> str:
        """Return the IRI of a term."""
        return self.namespace + name

    def allows(self, subject_type: str, predicate: str, object_type: str) -> bool:
        """Tell whether domain and range admit such a fact."""
        term = self.predicates[predicate]
        return (
            subject_type in term.domain
            and object_type in term.range
            and (
                subject_type == object_type
                or not term.pairs_only & {subject_type, object_type}
            )
        )

    def range_of(self, property_name: str) -> frozenset[str]:
        """Return the names of the classes whose members can be a property's value."""
        ranges = self._triples[self.iri(property_name)].get(_RDFS + "range", ())
        return frozenset(
            name for iri in ranges for name in self._members.get(iri, frozenset())
        )

    def annotations(self, property_iri: str) -> list[tuple[str, str]]:
        """Return (local name of the term, value) of an annotation property, sorted."""
        return sorted(
            (_local(subject), value)
            for subject, values in self._triples.items()
            for value in values.get(property_iri, ())
        )


@cache
def load_ontology(folder: Path | None = None) -> Ontology:
    """Load all Turtle files of a folder.

    Args:
        folder: The packaged ontology if left out.

    Raises:
        OntologyError: A file is not Turtle, or a term lacks a label or a definition.
    """
    triples, prefixes = _read(folder or ontology_folder())
    parents = {
        subject: frozenset(values.get(_RDFS + "subClassOf", ()))
        for subject, values in triples.items()
    }
    abstract = {
        subject
        for subject, values in triples.items()
        if values.get(NAMESPACE + "isAbstract") == ("true",)
    }
    concrete = [
        subject
        for subject, values in triples.items()
        if _OWL + "Class" in values.get(_RDF + "type", ())
        and DISPLAY + "colour" in values
        and subject not in abstract
    ]
    reading = _Reading(triples)
    kinds: list[OntologyClass] = []
    classes: list[OntologyClass] = []
    for iri in concrete:
        is_money = NAMESPACE + "MoneyEvent" in _ancestors(iri, parents)
        (kinds if is_money else classes).append(reading.ontology_class(iri))
    members: dict[str, set[str]] = defaultdict(set)
    for entity_class in classes:
        for ancestor in _ancestors(entity_class.iri, parents):
            members[ancestor].add(entity_class.name)
    return Ontology(
        _by_name(sorted(classes, key=lambda c: (c.order, c.name))),
        _by_name(sorted(kinds, key=lambda c: (c.order, c.name))),
        _by_name(reading.predicates(members)),
        _by_name(reading.statuses()),
        MappingProxyType(dict(sorted(prefixes.items()))),
        _members={iri: frozenset(names) for iri, names in members.items()},
        _triples=triples,
    )


def _read(folder: Path) -> tuple[Triples, dict[str, str]]:
    triples: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    prefixes: dict[str, str] = {}
    for path in sorted(folder.glob("*.ttl")):
        try:
            parser = pyoxigraph.parse(path=path, format=RdfFormat.TURTLE)
            for quad in parser:
                if isinstance(quad.subject, NamedNode) and isinstance(
                    quad.object, NamedNode | Literal
                ):
                    values = triples[quad.subject.value][quad.predicate.value]
                    values.append(quad.object.value)
        except (SyntaxError, OSError) as error:
            raise OntologyError(f"{path}: {error}") from error
        prefixes.update(parser.prefixes)
    if not triples:
        raise OntologyError(f"no ontology in {folder}")
    frozen = {
        subject: {predicate: tuple(values) for predicate, values in by.items()}
        for subject, by in triples.items()
    }
    return frozen, prefixes


def _ancestors(iri: str, parents: Mapping[str, frozenset[str]]) -> set[str]:
    """Return a class and all that it is a subclass of."""
    found: set[str] = set()
    pending = [iri]
    while pending:
        current = pending.pop()
        if current not in found:
            found.add(current)
            pending += parents.get(current, ())
    return found


def _local(iri: str) -> str:
    return iri.rpartition("#")[2].rpartition("/")[2]


def _by_name(terms: list[_Term]) -> Mapping[str, _Term]:
    return MappingProxyType({term.name: term for term in terms})


class _Reading:
    """Makes terms of triples, in the order of their files."""

    def __init__(self, triples: Triples) -> None:
        self._triples = triples

    def _text(self, iri: str, property_iri: str, default: str | None = None) -> str:
        values = self._triples[iri].get(property_iri, ())
        if len(values) == 1:
            return values[0]
        if not values and default is not None:
            return default
        what = f"{len(values)} values of {_local(property_iri)}"
        raise OntologyError(f"ontology: {_local(iri)} has {what}; it must have one")

    def _described(self, iri: str) -> tuple[str, str]:
        return self._text(iri, _RDFS + "label"), self._text(iri, _SKOS + "definition")

    def ontology_class(self, iri: str) -> OntologyClass:
        label, definition = self._described(iri)
        return OntologyClass(
            _local(iri),
            iri,
            label,
            self._text(iri, NAMESPACE + "pluralLabel"),
            definition,
            self._text(iri, _SKOS + "example"),
            self._text(iri, DISPLAY + "colour"),
            self._text(iri, DISPLAY + "shape"),
            int(self._text(iri, DISPLAY + "order")),
        )

    def predicates(self, members: Mapping[str, set[str]]) -> list[Predicate]:
        found = []
        for iri, values in self._triples.items():
            domain = values.get(_RDFS + "domain", ())
            range_ = values.get(_RDFS + "range", ())
            inverse = values.get(NAMESPACE + "inverseLabel", ())
            # The predicates of facts are those that read in both directions.
            if not inverse or not domain or not range_:
                continue
            label, definition = self._described(iri)
            found.append(
                Predicate(
                    _local(iri),
                    iri,
                    label,
                    self._text(iri, NAMESPACE + "inverseLabel"),
                    definition,
                    self._text(iri, _SKOS + "example"),
                    frozenset(name for c in domain for name in members.get(c, ())),
                    frozenset(name for c in range_ for name in members.get(c, ())),
                    _OWL + "SymmetricProperty" in values.get(_RDF + "type", ()),
                    frozenset(map(_local, values.get(NAMESPACE + "pairsOnly", ()))),
                )
            )
        return found

    def statuses(self) -> list[Status]:
        found = []
        for iri, values in self._triples.items():
            if NAMESPACE + "Status" in values.get(_RDF + "type", ()):
                label, definition = self._described(iri)
                status = Status(
                    _local(iri),
                    iri,
                    label,
                    definition,
                    self._text(iri, NAMESPACE + "isAsserted") == "true",
                    self._text(iri, DISPLAY + "line"),
                    self._text(iri, DISPLAY + "mark"),
                )
                found.append((int(self._text(iri, DISPLAY + "order")), status))
        return [status for _, status in sorted(found, key=lambda pair: pair[0])]
