"""Whether `kg query` answers as the engine beneath it does, by the W3C's SPARQL suite.

    python -m benchmarks.w3c FOLDER

FOLDER is an unpacked source distribution of rdflib 7.1.4, which carries the suite:

    pip download --no-deps --no-binary :all: rdflib==7.1.4
    tar xzf rdflib-7.1.4.tar.gz

Each test of an evaluation is stored in a folder of its own and asked twice: of pyoxigraph
in this process, and by what `kg query` does, which looks at the query first and sends it to
a process.  The tests of syntax are asked about an empty graph.  Answers are compared as
multisets of rows with their datatypes, in order if the query orders them; blank nodes may
be called anything.  What the suite expects is not looked at: that is the engine's affair.

Three things are arranged.  A query gets the address of its file as BASE.  The files that it
reads FROM are named graphs of the store.  Nothing here reaches the network, so that a
SERVICE, which `kg query` refuses, fails in the engine as well.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pyoxigraph import (
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    NamedNode,
    QueryResultsFormat,
    QueryTriples,
    RdfFormat,
    Store,
    parse,
    serialize,
)

from kg.errors import KgError
from kg.ontology import Ontology, load_ontology
from kg.query.child import wall
from kg.query.guard import checked
from kg.query.tokens import tokens
from kg.query.worker import Limits, Rows, Text, Worker
from kg.store import FOLDER

BASE = "http://www.w3.org/suite/"  # the address of the suite's folder
MANIFEST = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QUERY = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
EVALUATION = {"QueryEvaluationTest", "CSVResultFormatTest"}
SYNTAX = {
    f"{kind}SyntaxTest{edition}"
    for kind in ("Positive", "Negative")
    for edition in ("", "11")
}
JSON = "application/sparql-results+json"
TRIPLES = "application/n-triples"
LIMITS = Limits(seconds=60)
OUTCOMES = ("same", "both refuse", "different", "refused by kg only")

Answer = tuple[str, Any]
"""What kind of answer it is, and the answer in a form that can be compared."""


@dataclass(frozen=True, slots=True)
class Test:
    """A query of the suite.

    Attributes:
        group: The folder that it is in.
        name: Its own name.
        query: Its file.
        data: The files of the default graph.
        graphs: The files of the named graphs.
    """

    group: str
    name: str
    query: Path
    data: tuple[Path, ...]
    graphs: tuple[Path, ...]


class Suite:
    """The folder of the suite, which gives its files addresses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def iri(self, path: Path) -> str:
        """Return the address of a file."""
        return BASE + path.relative_to(self.folder).as_posix()

    def path(self, iri: str) -> Path:
        """Return the file at an address."""
        return self.folder / iri.removeprefix(BASE)

    def tests(self) -> Iterator[Test]:
        """Yield all tests of queries."""
        for manifest in sorted(self.folder.rglob("manifest.ttl")):
            yield from self._tests(manifest)

    def _tests(self, manifest: Path) -> Iterator[Test]:
        store = Store()
        store.load(path=manifest, format=RdfFormat.TURTLE, base_iri=self.iri(manifest))

        def values(subject: Any, property_: str) -> list[Any]:
            found = store.quads_for_pattern(subject, NamedNode(property_), None)
            return [quad.object for quad in found]

        def files(subject: Any, property_: str) -> tuple[Path, ...]:
            found = [v.value for v in values(subject, property_)]
            return tuple(self.path(iri) for iri in sorted(found))

        group = manifest.parent.relative_to(self.folder).as_posix()
        typed: Any = store.quads_for_pattern(None, NamedNode(RDF + "type"), None)
        for quad in sorted(typed, key=lambda q: str(q.subject)):
            kind = quad.object.value.removeprefix(MANIFEST)
            if kind not in EVALUATION | SYNTAX:
                continue
            [action] = values(quad.subject, MANIFEST + "action")
            name = quad.subject.value.rpartition("#")[2]
            if kind in SYNTAX:
                if action.value.endswith(".ru"):  # an update, in spite of its type
                    continue
                yield Test(group, name, self.path(action.value), (), ())
                continue
            query = files(action, QUERY + "query")[0]
            if not query.exists():  # rdflib leaves out some that are not approved
                continue
            graphs = files(action, QUERY + "graphData") + self._read_from(query)
            data = files(action, QUERY + "data")
            yield Test(group, name, query, data, graphs)

    def _read_from(self, query: Path) -> tuple[Path, ...]:
        """Return the files that a query reads FROM."""
        text = query.read_text("utf-8")
        names = re.findall(r"\bFROM\s+(?:NAMED\s+)?<([^<>:]+)>", text, re.IGNORECASE)
        return tuple(query.parent / name for name in sorted(set(names)))

    def stored(self, test: Test, output: Path) -> None:
        """Store the data of a test as an output folder."""
        folder = output / FOLDER
        folder.mkdir(parents=True)
        store = Store(str(folder))
        for path in test.data:
            self._load(store, path, DefaultGraph())
        for path in test.graphs:
            graph = NamedNode(self.iri(path))
            store.add_graph(graph)
            self._load(store, path, graph)
        store.flush()

    def _load(self, store: Store, path: Path, graph: NamedNode | DefaultGraph) -> None:
        syntax = RdfFormat.from_extension(path.suffix[1:])
        store.load(path=path, format=syntax, base_iri=self.iri(path), to_graph=graph)


def ordered(text: str) -> bool:
    """Tell whether the rows of a query have an order: by its outermost ORDER BY."""
    depth = 0
    for token in tokens(text):
        if token.kind == "mark" and token.text in {"{", "}"}:
            depth += 1 if token.text == "{" else -1
        if token.is_word("order") and not depth:
            return True
    return False


def told_by_engine(store: Store, text: str) -> Answer:
    """Return what pyoxigraph answers by itself."""
    result = store.query(text)
    if isinstance(result, QueryTriples):
        return triples(serialize(result, format=RdfFormat.N_TRIPLES) or b"")
    return rows(result.serialize(format=QueryResultsFormat.JSON) or b"", ordered(text))


def told_by_kg(worker: Worker, text: str, ontology: Ontology) -> Answer:
    """Return what `kg query` answers; its own rows have to be those of the JSON."""
    query = checked(text, ontology)
    selects = query.form in {"SELECT", "ASK"}
    answer = worker.ask(query, LIMITS, format_=JSON if selects else TRIPLES)
    assert isinstance(answer, Text)
    written = "".join(answer.parts).encode()
    plain = worker.ask(query, LIMITS)
    if not selects:
        assert isinstance(plain, Text)
        turtle = "".join(plain.parts).encode()
        return agreeing(triples(written), triples(turtle, RdfFormat.TURTLE))
    found = rows(written, ordered(text))
    if isinstance(plain, bool):
        return agreeing(found, ("boolean", plain))
    assert isinstance(plain, Rows)
    # A literal is its text there, an IRI the first of a list, a blank node as in Turtle.
    cells = [
        [cell[0] if isinstance(cell, list) else cell for cell in row]
        for row in plain.rows
    ]
    shown = compared(list(plain.columns), map(renamed, cells), ordered(text))
    agreeing(rows(written, ordered(text), plain=True), shown)
    return found


def agreeing(answer: Answer, other: Answer) -> Answer:
    """Return an answer that `kg query` gives in two ways."""
    if answer != other:
        raise AssertionError(f"kg query says {answer[1]} and {other[1]}")
    return answer


def triples(data: bytes, syntax: RdfFormat = RdfFormat.N_TRIPLES) -> Answer:
    """Return triples with names of blank nodes that depend on nothing else."""
    dataset = Dataset(parse(data, format=syntax))
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return "triples", sorted(map(str, dataset))


def rows(data: bytes, order: bool, *, plain: bool = False) -> Answer:
    """Return rows or a boolean that are written as JSON."""
    answer = json.loads(data)
    if "boolean" in answer:
        return "boolean", answer["boolean"]
    columns = answer["head"]["vars"]

    def cell(term: dict[str, Any] | None) -> str | None:
        if term is None:
            return None
        if term["type"] == "bnode":
            return f"_:{term['value']}"
        return term["value"] if plain else json.dumps(term, sort_keys=True)

    found = answer["results"]["bindings"]
    cells = ([cell(row.get(column)) for column in columns] for row in found)
    return compared(columns, map(renamed, cells), order)


def renamed(row: list[str | None]) -> tuple[str, ...]:
    """Return a row whose blank nodes are numbered as they come."""
    numbers: dict[str, str] = {}
    return tuple(
        numbers.setdefault(cell, f"_:{len(numbers)}")
        if cell is not None and cell.startswith("_:")
        else str(cell)
        for cell in row
    )


def compared(
    columns: list[str], found: Iterable[tuple[str, ...]], order: bool
) -> Answer:
    """Return rows as a list if their order counts, else as a multiset."""
    return "rows", (columns, list(found) if order else Counter(found))


def outcome(
    store: Store, worker: Worker, text: str, ontology: Ontology
) -> tuple[str, str]:
    """Ask both; return how it ends and, unless both answer the same, why."""
    ours = theirs = None
    refused = said = ""
    try:
        theirs = told_by_engine(store, text)
    except (SyntaxError, OSError, RuntimeError, ValueError) as error:
        said = str(error)
    try:
        ours = told_by_kg(worker, text, ontology)
    except KgError as error:
        refused = str(error)
    except AssertionError as error:
        return "different", str(error)
    if ours is None:
        # Of SERVICE it does not matter what becomes of it in the engine.
        alone = theirs is not None or "SERVICE" in refused
        return ("refused by kg only" if alone else "both refuse"), refused
    if theirs is None:
        return "different", f"kg answers, and the engine says: {said}"
    if ours != theirs:
        return "different", f"kg: {ours[1]}; the engine: {theirs[1]}"
    return "same", ""


def measure(
    suite: Suite, ontology: Ontology
) -> tuple[dict[str, Counter[str]], dict[str, list[str]]]:
    """Ask all tests; return how they end, counted by group, and what tells of each."""
    counts: dict[str, Counter[str]] = {}
    notes: dict[str, list[str]] = {how: [] for how in OUTCOMES}
    by_data: dict[tuple[tuple[Path, ...], ...], list[Test]] = {}
    for test in suite.tests():
        counts.setdefault(test.group, Counter())
        by_data.setdefault((test.data, test.graphs), []).append(test)
    for tests in by_data.values():
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder)
            suite.stored(tests[0], output)
            store = Store.read_only(str(output / FOLDER))
            worker = Worker(output)
            for test in tests:
                text = test.query.read_bytes().decode("utf-8")
                text = f"BASE <{suite.iri(test.query)}>\n{text}"
                how, why = outcome(store, worker, text, ontology)
                counts[test.group][how] += 1
                notes[how].append(f"{test.group} {test.name}: {why}")
                if how != "same":  # a limit may have ended it
                    worker.close()
                    worker = Worker(output)
            worker.close()
    return counts, notes


def main() -> None:
    """Parse the arguments, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--refused", action="store_true", help="list what both refuse as well"
    )
    args = parser.parse_args()
    found = sorted(args.folder.rglob("sparql11/manifest-all.ttl"))
    if not found:
        parser.error(f"the suite is not in {args.folder}")
    wall()
    suite = Suite(found[0].parent.parent)
    counts, notes = measure(suite, load_ontology())
    print(f"Python {platform.python_version()}, pyoxigraph {version('pyoxigraph')}\n")
    print(f"| group | tests | {' | '.join(OUTCOMES)} |")
    print(f"| --- |{' ---: |' * (len(OUTCOMES) + 1)}")
    total = sum(counts.values(), Counter())
    for group, count in [*counts.items(), ("all", total)]:
        cells = [group, str(count.total()), *(str(count[how]) for how in OUTCOMES)]
        print(f"| {' | '.join(cells)} |")
    refused = notes["refused by kg only"]
    reasons = Counter(
        re.sub("^.*?: | at line.*?(?=:)| <.*?>", "", note) for note in refused
    )
    print("\n| refused by kg only, why | tests |\n| --- | ---: |")
    for reason, number in reasons.most_common():
        print(f"| {reason} | {number} |")
    listed = ["different", "refused by kg only"]
    for how in [*listed, "both refuse"] if args.refused else listed:
        print(f"\n{how}:")
        print("\n".join(f"- {note}" for note in sorted(notes[how])) or "none")


if __name__ == "__main__":
    main()
