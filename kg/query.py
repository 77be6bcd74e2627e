"""Ask the graph: saved questions, files and SPARQL text, read-only and offline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import (
    DefaultGraph,
    Literal,
    NamedNode,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    Triple,
)

from kg.errors import UsageError
from kg.ontology import Ontology
from kg.rdf import RDFS
from kg.store import GraphStore

# A query is parsed on the native stack: these keep hostile ones from overflowing it.
MAX_CHARACTERS = 65_536
MAX_NESTING = 200

_HEADER = re.compile(r"^#\+ (\w+): (.*)$", re.MULTILINE)
# Everything that may hold the letters of a keyword without being one.
_OPAQUE = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|'
    r"'''(?:[^'\\]|\\.|'(?!''))*'''|"
    r'"(?:[^"\\\n]|\\.)*"|'
    r"'(?:[^'\\\n]|\\.)*'|"
    r"<[^<>\"{}|^`\\\s]*>|#[^\n]*|[?$]\w+|[\w-]*:[\w.%-]*|@\w+",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that a saved question takes, with what it is when none is given."""

    name: str
    default: str
    summary: str


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A question in a ``.rq`` file.

    Its header says ``#+ summary: …`` and, for each parameter, ``#+ parameter: name =
    default; what it is``.  In the query, ``$name`` stands for the value as a string.
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a SELECT or ASK, as RDF terms; None where nothing is bound."""

    columns: tuple[str, ...]
    rows: list[tuple[NamedNode | Literal | None, ...]]


def saved_queries(folder: Path) -> dict[str, SavedQuery]:
    """Return the questions of a folder by name, sorted."""
    return {path.stem: _saved(path) for path in sorted(folder.glob("*.rq"))}


def _saved(path: Path) -> SavedQuery:
    text = path.read_text("utf-8")
    summary = ""
    parameters = []
    for key, value in _HEADER.findall(text):
        if key == "summary":
            summary = value
        elif key == "parameter":
            name, _, rest = value.partition("=")
            default, _, what = rest.partition(";")
            parameters.append(Parameter(name.strip(), default.strip(), what.strip()))
    return SavedQuery(path.stem, summary, tuple(parameters), text)


def with_parameters(query: SavedQuery, values: Mapping[str, str]) -> str:
    """Return a saved question's text with its parameters filled in.

    A value enters the query as one escaped string literal and nothing else.

    Raises:
        UsageError: A value is given for a parameter that the question does not have.
    """
    names = {parameter.name for parameter in query.parameters}
    for name in values:
        if name not in names:
            takes = ", ".join(sorted(names)) or "none"
            raise UsageError(
                f"{query.name} has no parameter {name!r}; it takes: {takes}"
            )
    filled = {p.name: values.get(p.name, p.default) for p in query.parameters}

    def literal(match: re.Match[str]) -> str:
        name = match[1]
        return str(Literal(filled[name])) if name in filled else match[0]

    return re.sub(r"\$(\w+)", literal, query.text)


def run(
    store: GraphStore, text: str, ontology: Ontology
) -> Table | Iterator[Triple] | bool:
    """Run a query; its default graph is the merge of all documents' graphs.

    The prefixes of the ontology are known and need no PREFIX line.

    Args:
        store: The store.
        text: SPARQL 1.1 SELECT, ASK, CONSTRUCT or DESCRIBE.
        ontology: Gives the prefixes.

    Returns:
        A table, the triples, or the answer yes or no.

    Raises:
        UsageError: The query is wrong, changes data, or reaches for the network.
    """
    refuse_unsafe(text)
    declared = set(re.findall(r"(?i)\bprefix\s+([\w-]*):", text))
    # One line in front keeps the parser's line numbers one off at most.
    prefixes = "".join(
        f"PREFIX {name}: <{iri}> "
        for name, iri in sorted(ontology.prefixes.items())
        if name not in declared
    )
    try:
        result = store.raw.query(prefixes + text)
        if isinstance(result, QueryBoolean):
            return bool(result)
        if isinstance(result, QueryTriples):
            triples: Iterator[Triple] = iter(result)
            return triples
        if isinstance(result, QuerySolutions):
            return _table(result)
        raise TypeError(f"unexpected result of a query: {result!r}")
    except SyntaxError as error:
        raise UsageError(_readable(str(error), len(prefixes))) from error
    except (OSError, RuntimeError) as error:
        raise UsageError(f"the query failed: {error}") from error


def _table(result: QuerySolutions) -> Table:
    columns = tuple(variable.value for variable in result.variables)
    rows = [tuple(solution[column] for column in columns) for solution in result]
    return Table(columns, rows)


def refuse_unsafe(text: str) -> None:
    """Refuse a query that would reach the network or overwhelm the parser.

    Raises:
        UsageError: SERVICE stands in it, it is too long, or nests too deep.
    """
    if len(text) > MAX_CHARACTERS:
        raise UsageError(f"the query is longer than {MAX_CHARACTERS:,} characters")
    bare = _OPAQUE.sub(" ", text)
    if re.search(r"(?i)\bservice\b", bare):
        raise UsageError("SERVICE is refused: a query here never reaches the network")
    depth = deepest = 0
    for character in bare:
        depth += (character in "{(") - (character in "})")
        deepest = max(deepest, depth)
    operators = len(re.findall(r"(?i)\b(?:union|optional|minus)\b|[!/|^]", bare))
    if deepest > MAX_NESTING or operators > MAX_NESTING * 10:
        raise UsageError(f"the query nests deeper than {MAX_NESTING} levels")


def _readable(message: str, prefix_length: int) -> str:
    """Return a parser message with the place in the user's own text."""
    match = re.search(r"at (\d+):(\d+)", message)
    if match is None:
        return f"the query is wrong: {message}"
    line, column = int(match[1]), int(match[2])
    if line == 1:
        column = max(1, column - prefix_length)
    expected = message[match.end() :].lstrip(": ")
    if len(expected) > 160:
        expected = "this is not expected here"
    return f"the query is wrong at line {line}, column {column}: {expected}"


def labels(store: GraphStore, iris: set[str]) -> dict[str, str]:
    """Return the label of each IRI that has one."""
    found = {}
    label = NamedNode(RDFS + "label")
    for iri in sorted(iris):
        values = [
            quad.object.value
            for quad in store.raw.quads_for_pattern(
                NamedNode(iri), label, None, DefaultGraph()
            )
            if isinstance(quad.object, Literal)
        ]
        if values:
            found[iri] = min(values)
    return found
