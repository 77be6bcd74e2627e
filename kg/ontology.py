"""The ontology, loaded once: which classes, predicates, kinds and statuses there are.

Everything that has to do with terms asks here: labels, colours, what may be related to
what.  Adding a term is an edit in ``ontology/`` and nowhere else.  A term that lacks what
its like have is an error that names the file and line: it is never left out silently.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import pyoxigraph
from pyoxigraph import Literal, NamedNode, RdfFormat

from kg.errors import KgError, UsageError
from kg.paths import ontology_folder

NAMESPACE = "https://kg.internal/ontology#"
DISPLAY = "https://kg.internal/display#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_OWL = "http://www.w3.org/2002/07/owl#"
_SKOS = "http://www.w3.org/2004/02/skos/core#"

Triples = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Values by subject and predicate IRI."""

Origins = Mapping[tuple[str, str], tuple[Path, ...]]
"""The files that say something, by subject and predicate IRI."""

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

    Things of a class in ``pairs_only`` it links only to things of the same class; a
    ``functional`` one has one object at a time; what is ``disjoint`` with it does not link
    the same two things.
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
    functional: bool
    pairs_only: frozenset[str]
    disjoint: frozenset[str]


@dataclass(frozen=True, slots=True)
class Status:
    """How sure a text is; only facts of an asserted status are plain triples.

    A ``contrary`` status contradicts an asserted one.
    """

    name: str
    iri: str
    label: str
    definition: str
    asserted: bool
    contrary: bool
    line: str
    mark: str


def _called(
    said: str, kind: str, terms: Mapping[str, OntologyClass] | Mapping[str, Predicate]
) -> str:
    wanted = said.casefold()
    for name, term in terms.items():
        if wanted in {name.casefold(), term.label.casefold()}:
            return name
    raise UsageError(f"no {kind} {said!r}; there are: {', '.join(terms)}")


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
    _folder: Path = field(default_factory=ontology_folder, repr=False)

    def iri(self, name: str) -> str:
        """Return the IRI of a term."""
        return self.namespace + name

    @property
    def asserted(self) -> str:
        """The name of the status whose facts are plain triples."""
        return next(name for name, term in self.statuses.items() if term.asserted)

    @property
    def contrary(self) -> str:
        """The name of the status that contradicts it."""
        return next(name for name, term in self.statuses.items() if term.contrary)

    @property
    def terms(self) -> frozenset[str]:
        """The local names of all that the ontology declares, also what is only abstract."""
        return frozenset(
            iri.removeprefix(self.namespace)
            for iri in self._triples
            if iri.startswith(self.namespace)
        )

    def class_called(self, said: str) -> str:
        """Return the name of a class that people call by its name or label.

        Raises:
            UsageError: There is none.
        """
        return _called(said, "class", self.classes)

    def predicate_called(self, said: str) -> str:
        """Return the name of a predicate that people call by its name or label.

        Raises:
            UsageError: There is none.
        """
        return _called(said, "predicate", self.predicates)

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
        """Return (local name of the term, value) of an annotation property, sorted.

        These are the words: reading a text needs them, asking the graph does not.
        """
        return sorted(
            (_local(subject), value)
            for triples in (self._triples, _words(self._folder))
            for subject, values in triples.items()
            for value in values.get(property_iri, ())
        )


@cache
def load_ontology(folder: Path | None = None) -> Ontology:
    """Load all Turtle files of a folder; those of its words only when they are needed.

    Args:
        folder: The packaged ontology if left out.

    Returns:
        The terms, frozen; a second call returns the same object.

    Raises:
        OntologyError: A file is not Turtle, or a term lacks what every such term must
            have: a label, a definition, a domain, a colour.
    """
    folder = folder or ontology_folder()
    triples, origins, prefixes = _read(folder)
    if not triples:
        raise OntologyError(f"no ontology in {folder}")
    parents = {
        subject: frozenset(values.get(_RDFS + "subClassOf", ()))
        for subject, values in triples.items()
    }
    abstract = {
        subject
        for subject, values in triples.items()
        if values.get(NAMESPACE + "isAbstract") == ("true",)
    }
    reading = _Reading(triples, origins)
    kinds: list[OntologyClass] = []
    classes: list[OntologyClass] = []
    for subject, values in triples.items():
        if _OWL + "Class" in values.get(_RDF + "type", ()) and subject not in abstract:
            ancestors = _ancestors(subject, parents)
            if NAMESPACE + "MoneyEvent" in ancestors:
                kinds.append(reading.ontology_class(subject))
            elif NAMESPACE + "Entity" in ancestors:
                classes.append(reading.ontology_class(subject))
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
        _folder=folder,
    )


@cache
def _words(folder: Path) -> Triples:
    return _read(folder / "words")[0]


def _read(folder: Path) -> tuple[Triples, Origins, dict[str, str]]:
    triples: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    origins: dict[tuple[str, str], list[Path]] = defaultdict(list)
    prefixes: dict[str, str] = {}
    for path in sorted(folder.glob("*.ttl")):
        try:
            parser = pyoxigraph.parse(path=path, format=RdfFormat.TURTLE)
            for quad in parser:
                if isinstance(quad.subject, NamedNode) and isinstance(
                    quad.object, NamedNode | Literal
                ):
                    said = (quad.subject.value, quad.predicate.value)
                    triples[said[0]][said[1]].append(quad.object.value)
                    if path not in origins[said]:
                        origins[said].append(path)
        except SyntaxError as error:
            line = f":{error.lineno}" if error.lineno else ""
            raise OntologyError(f"{path}{line}: no Turtle: {error.msg}") from error
        except (OSError, ValueError) as error:
            raise OntologyError(f"{path}: {error}") from error
        prefixes.update(parser.prefixes)
    frozen = {
        subject: {predicate: tuple(values) for predicate, values in by.items()}
        for subject, by in triples.items()
    }
    return frozen, {said: tuple(paths) for said, paths in origins.items()}, prefixes


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


def _place(path: Path, iri: str) -> str:
    """Return path and line of the first statement about a term.

    The parser tells no lines of what it could read, so the line is looked up by the name
    with which a statement begins.
    """
    start = re.compile(rf"[\w-]*:{re.escape(_local(iri))}(?!\w)|<{re.escape(iri)}>")
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if start.match(line.lstrip()):
            return f"{path}:{number}"
    return str(path)


def _local(iri: str) -> str:
    return iri.rpartition("#")[2].rpartition("/")[2]


def _by_name(terms: list[_Term]) -> Mapping[str, _Term]:
    return MappingProxyType({term.name: term for term in terms})


class _Reading:
    """Makes terms of triples, in the order of their files."""

    def __init__(self, triples: Triples, origins: Origins) -> None:
        self._triples = triples
        self._origins = origins

    def _error(self, iri: str, property_iri: str, what: str) -> OntologyError:
        """Return an error that says where the term stands, or is declared."""
        paths = self._origins.get((iri, property_iri)) or next(
            (paths for (subject, _), paths in self._declared() if subject == iri),
            (),
        )
        places = ", ".join(_place(path, iri) for path in paths) or "ontology"
        return OntologyError(f"{places}: {_local(iri)} {what}")

    def _declared(self) -> list[tuple[tuple[str, str], tuple[Path, ...]]]:
        """Return what is said where, beginning with the terms' types and labels."""
        first = (_RDF + "type", _RDFS + "label")
        return sorted(self._origins.items(), key=lambda said: said[0][1] not in first)

    def _text(self, iri: str, property_iri: str, pattern: str = r"(?s).*\S.*") -> str:
        """Return the one value of a property, which must match a pattern."""
        values = self._triples.get(iri, {}).get(property_iri, ())
        name = _local(property_iri)
        if len(values) != 1:
            what = f"has {len(values) or 'no'} values of {name}; give it one"
            raise self._error(iri, property_iri, what)
        if not re.fullmatch(pattern, values[0]):
            what = f"has {values[0]!r} as its {name}, which cannot be"
            raise self._error(iri, property_iri, what)
        return values[0]

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
            self._text(iri, DISPLAY + "colour", "#[0-9a-f]{6}"),
            self._text(iri, DISPLAY + "shape"),
            int(self._text(iri, DISPLAY + "order", r"\d+")),
        )

    def predicates(self, members: Mapping[str, set[str]]) -> list[Predicate]:
        found = []
        for iri, values in self._triples.items():
            # The predicates of facts read in both directions and link entities: other
            # properties, such as the payer of a sum, do neither.
            ends = values.get(_RDFS + "domain", ()) + values.get(_RDFS + "range", ())
            links = len(ends) > 1 and all(members.get(end) for end in ends)
            if NAMESPACE + "inverseLabel" not in values and not links:
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
                    self._end(iri, _RDFS + "domain", members),
                    self._end(iri, _RDFS + "range", members),
                    _OWL + "SymmetricProperty" in values.get(_RDF + "type", ()),
                    _OWL + "FunctionalProperty" in values.get(_RDF + "type", ()),
                    frozenset(map(_local, values.get(NAMESPACE + "pairsOnly", ()))),
                    frozenset(
                        map(_local, values.get(_OWL + "propertyDisjointWith", ()))
                    ),
                )
            )
        return found

    def _end(
        self, iri: str, property_iri: str, members: Mapping[str, set[str]]
    ) -> frozenset[str]:
        """Return the names of the concrete classes in a domain or range.

        Two domains would mean their intersection in RDFS, and an anonymous union has no
        label to show: so there is one, and a union is a class of its own.
        """
        group = self._text(iri, property_iri)
        if not members.get(group):
            end = _local(property_iri)
            what = f"has {_local(group)} as its {end}, which holds no class of ours"
            raise self._error(iri, property_iri, what)
        self._text(group, _RDFS + "label")
        return frozenset(members[group])

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
                    self._text(iri, NAMESPACE + "isAsserted", "true|false") == "true",
                    "true" in values.get(NAMESPACE + "isContrary", ()),
                    self._text(iri, DISPLAY + "line"),
                    self._text(iri, DISPLAY + "mark", r"\S"),
                )
                order = int(self._text(iri, DISPLAY + "order", r"\d+"))
                found.append((order, status.name, status))
        return [status for *_, status in sorted(found, key=lambda entry: entry[:2])]
