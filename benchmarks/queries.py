"""How long questions take, and what `kg query` adds to the engine beneath it.

    python -m benchmarks.queries [--quads 100000 1000000] [--all]

A seeded generator makes documents with entities, facts and sums, which become quads where
those of a build do, in ``kg.rdf``.  They are stored as ``kg build`` stores them: a named
graph for each document, one for the ontology, and the merge of all as the default graph.
Three things are measured:

- how long the store takes to open read-only;
- eleven questions, asked through the warm process of ``kg query`` and, for comparison, of
  pyoxigraph in this process and of rdflib, which holds the merged graph in memory; the
  ratio is that of rdflib to ``kg query``;
- ``kg query`` from the start of its process to the last row, against a bare script that
  asks pyoxigraph the same.

Times are medians in milliseconds.  That the answers agree is checked: in the number of
rows with rdflib, and to the byte with the bare script.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from pyoxigraph import DefaultGraph, Quad, RdfFormat, Store, parse
from rdflib import Graph

from benchmarks.resolution import name
from kg import rdf
from kg.errors import LimitError
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
from kg.ontology import Ontology, load_ontology
from kg.paths import ontology_folder, queries_folder
from kg.query.guard import checked
from kg.query.saved import read_query, with_parameters
from kg.query.worker import Rows, Text, Worker
from kg.store import FOLDER, GraphStore

ROOT = Path(__file__).parent.parent
SEED = 7
ENTITIES, FACTS, SUMS = 20, 12, 4  # of each document
QUADS_AN_ENTITY = 200  # of the whole graph, for each entity that there is
KNOWN = 0.05  # the share of entities that half of all mentions are of
RUNS, RUNS_RDFLIB, STARTS = 5, 3, 7
PATIENCE = 20.0  # seconds in all, after which a question is not asked again
TOO_LARGE = 500_000  # quads of a graph that rdflib is spared
Answer = TypeVar("Answer")

# What is asked: the name of a saved question, or SPARQL.
QUESTIONS = {
    "what has this name": """
        SELECT ?entity ?class { ?entity rdfs:label $company ; a/rdfs:label ?class }
    """,
    "facts of a company, with sentences": """
        SELECT ?subject ?predicate ?object ?status ?sentence {
          ?company rdfs:label $company .
          { ?fact rdf:subject ?company } UNION { ?fact rdf:object ?company }
          ?fact rdf:subject/rdfs:label ?subject ; rdf:predicate/rdfs:label ?predicate ;
                rdf:object/rdfs:label ?object ; kg:status/rdfs:label ?status ;
                kg:evidence/kg:quote ?sentence .
        } ORDER BY ?subject ?predicate ?object ?sentence
    """,
    "who leads what": "who-leads-what",
    "stance on a law": "stance-on-law",
    "largest sums": "largest-sums",
    "sums by payer": """
        SELECT ?payer ?currency (SUM(?amount) AS ?total) (COUNT(*) AS ?sums) {
          ?sum kg:payer/rdfs:label ?payer ; kg:amount ?amount ; kg:currency ?currency
        } GROUP BY ?payer ?currency ORDER BY DESC(?total) ?payer ?currency
    """,
    "entities by class": """
        SELECT ?class (COUNT(?entity) AS ?entities) {
          ?entity kg:mentionCount ?count ; a/rdfs:label ?class
        } GROUP BY ?class ORDER BY DESC(?entities) ?class
    """,
    "two steps from a company": """
        SELECT DISTINCT ?near ?far {
          ?company rdfs:label $company .
          ?one rdf:subject ?company ; rdf:object ?middle .
          ?two rdf:subject ?middle ; rdf:object ?end .
          ?middle rdfs:label ?near . ?end rdfs:label ?far .
        } ORDER BY ?near ?far
    """,
    "planned and not done": "planned-not-done",
    "facts by month, from a date on": """
        SELECT ?month (COUNT(?fact) AS ?facts) {
          ?document a kg:Document ; kg:date ?date .
          FILTER(?date >= "2024-06")
          ?fact a kg:Fact ; kg:document ?document .
          BIND(SUBSTR(?date, 1, 7) AS ?month)
        } GROUP BY ?month ORDER BY ?month
    """,
    "what surrounds a company, as triples": """
        CONSTRUCT { ?company ?to ?object . ?subject ?from ?company . ?object rdfs:label ?o }
        WHERE {
          ?company rdfs:label $company .
          { ?company ?to ?object OPTIONAL { ?object rdfs:label ?o } }
          UNION { ?subject ?from ?company }
        }
    """,
}
STARTED = "SELECT ?law ?name { ?law a kg:Law ; rdfs:label ?name } ORDER BY ?name ?law LIMIT 50"
BARE = """
import sys
from pyoxigraph import Store
answer = Store.read_only(sys.argv[1]).query(sys.argv[2])
print(*(variable.value for variable in answer.variables), sep="\\t")
for row in answer:
    print(*(term.value for term in row), sep="\\t")
"""


class World:
    """What documents speak of; a few things more often than all the others."""

    def __init__(self, size: int, rng: random.Random, ontology: Ontology) -> None:
        classes = list(ontology.classes)
        self._rng = rng
        self._ontology = ontology
        self.entities = [
            Entity(f"{class_.lower()}/e{number}", class_, name(rng, 3))
            for number, class_ in enumerate(classes * (size // len(classes) + 1))
        ]
        self._known = self.entities[: max(ENTITIES * 2, int(size * KNOWN))]
        self._predicates = {
            (subject, object_): [
                predicate
                for predicate in ontology.predicates
                if ontology.allows(subject, predicate, object_)
            ]
            for subject in classes
            for object_ in classes
        }

    def documents(self) -> Iterator[DocumentGraph]:
        """Yield documents without end."""
        number = 0
        while True:
            number += 1
            yield self._document(f"doc-{number:06}")

    def _document(self, id_: str) -> DocumentGraph:
        rng = self._rng
        date = (
            f"{rng.randint(2020, 2025)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        )
        digest = f"{rng.getrandbits(256):064x}"
        title, publisher = name(rng, 6), name(rng, 2)
        half = ENTITIES // 2
        present = dict.fromkeys(
            [*rng.sample(self._known, half), *rng.sample(self.entities, half)]
        )
        entities = list(present)
        named = (
            NamedEntity(e, (e.label, e.label.partition(" ")[0]), rng.randint(1, 9))
            for e in entities
        )
        return DocumentGraph(
            Document(id_, f"{id_}.txt", "", digest, title, date, publisher),
            rng.randint(200, 2000),
            tuple(named),
            tuple(self._facts(id_, entities)),
            tuple(self._sums(id_, entities)),
        )

    def _facts(self, document: str, entities: list[Entity]) -> Iterator[Fact]:
        rng = self._rng
        said = 0
        while said < FACTS:
            one, other = rng.sample(entities, 2)
            predicates = self._predicates[one.type, other.type]
            if not predicates:
                continue
            said += 1
            yield Fact(
                f"{document}/f{said}",
                one.id,
                rng.choice(predicates),
                other.id,
                self._status(),
                rng.uniform(0.5, 1),
                document,
                tuple(self._evidence(True) for _ in range(rng.choice((1, 1, 1, 2)))),
                rng.choice(entities).id if rng.random() < 0.2 else None,
                f"{rng.randint(2000, 2024)}" if rng.random() < 0.1 else None,
            )

    def _sums(self, document: str, entities: list[Entity]) -> Iterator[MoneyEvent]:
        rng = self._rng
        for number in range(SUMS):
            payer, recipient = rng.sample(entities, 2)
            yield MoneyEvent(
                f"{document}/m{number}",
                rng.choice(list(self._ontology.money_kinds)),
                (payer.id,),
                (recipient.id,),
                Decimal(rng.randint(1, 999)) * 10 ** rng.randint(3, 9),
                None,
                rng.choice(("EUR", "USD", "GBP")),
                name(rng, 2) if rng.random() < 0.5 else None,
                f"{rng.randint(2020, 2025)}" if rng.random() < 0.5 else None,
                self._status(),
                rng.uniform(0.5, 1),
                document,
                (self._evidence(False),),
            )

    def _status(self) -> str:
        statuses = list(self._ontology.statuses)
        told = self._ontology.asserted
        return told if self._rng.random() < 0.8 else self._rng.choice(statuses)

    def _evidence(self, subject: bool) -> Evidence:
        rng = self._rng
        text = name(rng, rng.randint(8, 30)) + "."
        start = rng.randint(0, 10_000)
        return Evidence(
            text,
            start,
            start + len(text),
            Span(start, start + 9) if subject else None,
            Span(start + 20, start + 29),
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """A graph on disk, and how much of it there is."""

    output: Path
    documents: int
    triples: int
    quads: int
    values: dict[str, str]


def stored(wanted: int, output: Path, ontology: Ontology) -> Stored:
    """Store a graph of about so many quads, all graphs of it counted."""
    rng = random.Random(SEED)
    world = World(wanted // QUADS_AN_ENTITY, rng, ontology)
    terms = ontology.namespace.rstrip("#")
    quads = set(rdf.ontology_quads(ontology_folder(), terms))
    merged = {_merged(quad) for quad in quads}
    documents = 0
    for graph in world.documents():
        if len(quads) + len(merged) >= wanted:
            break
        said = set(rdf.quads(graph, ontology, rdf.DEFAULT_BASE))
        quads |= said
        merged |= {_merged(quad) for quad in said}
        documents += 1
    # Through GraphStore.replace, each document would be one transaction.
    folder = output / FOLDER
    folder.mkdir(parents=True)
    store = Store(str(folder))
    store.bulk_extend(quads)
    store.bulk_extend(merged)
    store.flush()
    by_class = {entity.type: entity.label for entity in reversed(world.entities)}
    values = {"company": by_class["Company"], "law": by_class["Law"]}
    return Stored(output, documents, len(merged), len(store), values)


def _merged(quad: Quad) -> Quad:
    return Quad(quad.subject, quad.predicate, quad.object, DefaultGraph())


def check_stored(ontology: Ontology) -> None:
    """Check that a graph is stored as ``kg build`` would store it."""
    with tempfile.TemporaryDirectory() as folder:
        ours = stored(10_000, Path(folder, "ours"), ontology)
        store = GraphStore.open(Path(folder, "theirs"), writable=True)
        terms = ontology.namespace.rstrip("#")
        store.replace(terms, rdf.ontology_quads(ontology_folder(), terms))
        world = World(10_000 // QUADS_AN_ENTITY, random.Random(SEED), ontology)
        for graph in islice(world.documents(), ours.documents):
            iri = rdf.document_iri(rdf.DEFAULT_BASE, graph.document.id)
            store.replace(iri, rdf.quads(graph, ontology, rdf.DEFAULT_BASE))
        held = set(Store.read_only(str(ours.output / FOLDER)))
        assert held == set(store.raw), "a build would store something else"


def questions(values: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what is asked, and how SPARQL says it."""
    for title, text in QUESTIONS.items():
        path = queries_folder() / f"{text}.rq"
        if "{" in text:
            header = "#+ parameter: company = ; its name\n" if "$" in text else ""
            query = read_query(title, header + text)
        else:
            query = read_query(text, path.read_text("utf-8"))
        wanted = {parameter.name for parameter in query.parameters}
        given = {key: value for key, value in values.items() if key in wanted}
        yield title, with_parameters(query, given)


def asked(worker: Worker, text: str, ontology: Ontology) -> list[object]:
    """Return all rows, or the whole text, that a query gives."""
    answer = worker.ask(checked(text, ontology))
    if isinstance(answer, Rows):
        return list(answer.rows)
    assert isinstance(answer, Text)
    return list(answer.parts)


def all_of(graph: Store | Graph, text: str, **prefixes: Any) -> list[object]:
    """Return all rows or triples that a query gives without `kg query`."""
    found: Any = graph.query(text, **prefixes)
    return list(found)


def rows(answer: list[object]) -> int:
    """Return how many rows or triples an answer of the worker has."""
    if answer and isinstance(answer[0], str):
        turtle = "".join(map(str, answer))
        return sum(1 for _ in parse(turtle.encode(), format=RdfFormat.TURTLE))
    return len(answer)


def timed(ask: Callable[[], Answer], runs: int) -> tuple[float, Answer]:
    """Return the median time of some runs in seconds, and the last answer."""
    times: list[float] = []
    while True:
        began = time.perf_counter()
        answer = ask()
        times.append(time.perf_counter() - began)
        if len(times) == runs or sum(times) > PATIENCE:
            return median(times), answer


def merged_graph(graph: Stored) -> Graph:
    """Return the default graph in rdflib."""
    store = Store.read_only(str(graph.output / FOLDER))
    triples = store.dump(format=RdfFormat.N_TRIPLES, from_graph=DefaultGraph())
    return Graph().parse(data=triples, format="nt")


def measure_questions(graph: Stored, ontology: Ontology, other: Graph | None) -> None:
    """Print how long the questions take."""
    print("\n| question | rows | kg query, warm | pyoxigraph | rdflib | ratio |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    store = Store.read_only(str(graph.output / FOLDER))
    prefixes = dict(ontology.prefixes)
    ratios = []
    for title, text in questions(graph.values):
        with closing(Worker(graph.output)) as worker:
            worker.ask(checked("ASK {}", ontology))  # it has started then
            try:
                ours, answer = timed(partial(asked, worker, text, ontology), RUNS)
            except LimitError as error:
                print(f"| {title} | | {error} | | | |", flush=True)
                continue
        count = rows(answer)
        assert count, f"nothing is found: {title}"
        bare, found = timed(partial(all_of, store, text, prefixes=prefixes), RUNS)
        assert len(found) == count, f"{title}: {count} or {len(found)} rows?"
        row = [title, f"{count:,}", f"{ours * 1e3:.1f}", f"{bare * 1e3:.1f}", "", ""]
        if other is not None:
            ask = partial(all_of, other, text, initNs=prefixes)
            theirs, found = timed(ask, RUNS_RDFLIB)
            assert len(found) == count, f"{title}: {count} or {len(found)} rows?"
            ratios.append(theirs / ours)
            row[4:] = f"{theirs * 1e3:,.1f}", f"{ratios[-1]:,.1f}"
        print(f"| {' | '.join(row)} |", flush=True)
    if ratios:
        print(f"| median | | | | | {median(ratios):,.1f} |")


def measure_start(graph: Stored, ontology: Ontology) -> None:
    """Print how long it takes from the start of a process to the last row."""
    prefixes = "".join(f"PREFIX {p}: <{i}> " for p, i in ontology.prefixes.items())
    folder = str(graph.output / FOLDER)
    options = ("-o", str(graph.output), "--format", "tsv")
    commands = {
        "bare pyoxigraph": ("-c", BARE, folder, prefixes + STARTED),
        "kg query": ("-m", "kg", "query", STARTED, *options),
    }
    times: dict[str, list[float]] = {title: [] for title in commands}
    said: dict[str, bytes] = {}
    for _ in range(STARTS):
        for title, command in commands.items():
            began = time.perf_counter()
            done = subprocess.run(  # our own commands
                [sys.executable, *command], capture_output=True, check=True, cwd=ROOT
            )
            times[title].append(time.perf_counter() - began)
            said[title] = done.stdout
    assert said["kg query"] == said["bare pyoxigraph"], "the rows differ"
    bare, ours = (median(times[title]) for title in commands)
    count = said["kg query"].count(b"\n") - 1
    print(f"\n| from start to the last of {count} rows | ms |")
    print("| --- | ---: |")
    print(f"| bare pyoxigraph | {bare * 1e3:.0f} |")
    print(f"| kg query | {ours * 1e3:.0f} |")
    print(f"| ratio | {ours / bare:.2f} |", flush=True)


def main() -> None:
    """Parse the arguments, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quads", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--all", action="store_true", help="spare rdflib nothing")
    args = parser.parse_args()
    ontology = load_ontology()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"pyoxigraph {version('pyoxigraph')}, rdflib {version('rdflib')}; "
        "times in milliseconds"
    )
    check_stored(ontology)
    for wanted in args.quads:
        with tempfile.TemporaryDirectory() as folder:
            graph = stored(wanted, Path(folder), ontology)
            print(
                f"\n{graph.quads:,} quads: {graph.documents:,} documents, and the merge "
                f"of {graph.triples:,} triples"
            )
            store = str(graph.output / FOLDER)
            opened, _ = timed(partial(Store.read_only, store), RUNS)
            print(f"opening the store read-only: {opened * 1e3:.1f} ms")
            other = None
            if args.all or wanted < TOO_LARGE:
                began = time.perf_counter()
                other = merged_graph(graph)
                print(f"reading it into rdflib: {time.perf_counter() - began:.1f} s")
            else:
                print("rdflib is left out at this size (--all asks it as well)")
            measure_questions(graph, ontology, other)
            measure_start(graph, ontology)


if __name__ == "__main__":
    main()
