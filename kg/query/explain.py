"""What a query asks: in words, as algebra, and with the rows of each pattern."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.errors import LimitError, UsageError
from kg.ontology import Ontology
from kg.query.guard import Query, checked
from kg.query.worker import Limits, Rows
from kg.where import open_worker

if TYPE_CHECKING:
    from rdflib.namespace import NamespaceManager

_ASKS = {
    "SELECT": "rows of",
    "ASK": "yes or no",
    "CONSTRUCT": "triples",
    "DESCRIBE": "triples about",
}
# What rdflib keeps beside the algebra for its own evaluation.
_INTERNAL = {"_vars", "lazy", "PV", "datasetClause"}
# Each count has its own time: one that is slow says so, and the others still come.
_COUNTING = Limits(seconds=5)

_Pattern = tuple[Any, Any, Any]


def explained(
    output: Path,
    query: Query,
    ontology: Ontology,
    limits: Limits,
    address: str | None = None,
) -> Iterator[str]:
    """Yield what a query asks, line by line; it is not run, only its patterns are counted.

    Args:
        output: The folder of the graph.
        query: The query.
        ontology: Gives the prefixes.
        limits: Those under which it would run.
        address: A server that keeps the graph, if not the one that the folder names.

    Raises:
        UsageError: rdflib cannot read it, which knows SPARQL 1.1 and nothing newer.
    """
    algebra = _algebra(query)
    names = _names(ontology)
    yield f"asks    {_wanted(query, algebra, names)}"
    yield f"reads   {_read(query)}"
    rows = "all rows" if limits.rows is None else f"{limits.rows:,} rows"
    yield f"limits  {limits.seconds:g} s, {rows}"
    yield "\nalgebra"
    yield from _tree(algebra, names, "  ")
    yield "\nrows of each pattern in the store"
    for count, pattern in _counts(output, address, algebra, ontology, names):
        yield f"{count:>10}  {pattern}"


def _algebra(query: Query) -> Any:
    from rdflib.plugins.sparql import prepareQuery

    try:
        return prepareQuery(query.text, initNs=dict(query.prefixes)).algebra
    except Exception as error:  # pyparsing and rdflib raise many kinds
        reason = " ".join(str(error).split())[:200]
        raise UsageError(f"rdflib cannot explain the query: {reason}") from error


def _names(ontology: Ontology) -> NamespaceManager:
    from rdflib import Graph
    from rdflib.namespace import NamespaceManager

    names = NamespaceManager(Graph(), bind_namespaces="none")
    for prefix, iri in ontology.prefixes.items():
        names.bind(prefix, iri)
    return names


def _wanted(query: Query, algebra: Any, names: NamespaceManager) -> str:
    """Return what is asked for, and what is done with the rows at the end."""
    asked = _ASKS[query.form]
    if query.form in {"SELECT", "DESCRIBE"}:
        wanted = {str(term): _term(term, names) for term in algebra.PV or ()}
        # In the order of the text: rdflib keeps those of "*" in none.
        told = [token.text[1:] for token in query.tokens if token.kind == "variable"]
        ordered = sorted(wanted, key=[*told, *wanted].index)
        asked = " ".join([asked, *(wanted[name] for name in ordered)])
    parts = [asked]
    node = algebra.p
    while node is not None and node.name in {"Slice", "Distinct", "Project", "OrderBy"}:
        if node.name == "Slice" and node.length is not None:
            parts.append(f"at most {node.length}")
        elif node.name == "Distinct":
            parts.append("each once")
        elif node.name == "OrderBy":
            parts.append(f"in the order of {_text(node.expr, names)}")
        node = node.p
    return ", ".join(parts)


def _read(query: Query) -> str:
    if query.graphs:
        return ", ".join(f"<{graph}>" for graph, _ in query.graphs)
    single = any(token.is_word("graph") for token in query.tokens)
    also = ", and single graphs where it says GRAPH" if single else ""
    return f"the merge of all documents' graphs{also}"


def _tree(node: Any, names: NamespaceManager, margin: str) -> Iterator[str]:
    """Yield an operator of the algebra, and beneath it what it works on."""
    said = [_text(sorted(node.PV), names)] if node.name == "Project" else []
    below = []
    for key, value in node.items():
        if key == "triples" or _is_operator(value):
            below.append(value)
        elif key not in _INTERNAL and value is not None:
            said.append(_text(value, names))
    yield margin + " ".join([node.name, *filter(None, said)])
    for value in below:
        if _is_operator(value):
            yield from _tree(value, names, margin + "  ")
        else:
            for pattern in _patterns(value):
                yield f"{margin}  {_pattern_text(pattern, names)}"


def _is_operator(value: Any) -> bool:
    from rdflib.plugins.sparql.parserutils import CompValue

    return isinstance(value, CompValue) and not {
        "p",
        "p1",
        "triples",
        "res",
    }.isdisjoint(value)


def _text(value: Any, names: NamespaceManager) -> str:
    """Return an expression, or several, as functions of their parts."""
    from rdflib.plugins.sparql.parserutils import CompValue

    if isinstance(value, CompValue) and value.name == "OrderCondition":
        order = f"{value.order} " if value.order else ""
        return order + _text(value.expr, names)
    if isinstance(value, CompValue):
        parts = [
            " . ".join(_pattern_text(pattern, names) for pattern in _patterns(part))
            if key == "triples"
            else _text(part, names)
            for key, part in value.items()
            if key not in _INTERNAL and part is not None
        ]
        return (
            f"{value.name.removeprefix('Builtin_')}({', '.join(filter(None, parts))})"
        )
    if isinstance(value, dict):
        pairs = (f"{_text(k, names)} = {_text(v, names)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return ", ".join(_text(part, names) for part in value)
    return _term(value, names)


def _term(value: Any, names: NamespaceManager | None) -> str:
    from rdflib import BNode, URIRef

    if isinstance(value, BNode):
        return "[]" if names else f"?{value}"
    if isinstance(value, URIRef) and names:
        return str(names.normalizeUri(str(value)))
    return str(value.n3(names)) if hasattr(value, "n3") else str(value)


def _patterns(triples: Any) -> Iterator[_Pattern]:
    """Yield triple patterns: rdflib has them in threes, or all in one list."""
    for triple in triples:
        for number in range(0, len(triple), 3):
            yield tuple(triple[number : number + 3])


def _pattern_text(pattern: _Pattern, names: NamespaceManager | None) -> str:
    return " ".join(_term(part, names) for part in pattern)


def _counts(
    output: Path,
    address: str | None,
    algebra: Any,
    ontology: Ontology,
    names: NamespaceManager,
) -> Iterator[tuple[str, str]]:
    """Yield each pattern with how many rows it has alone."""
    dataset = "".join(
        f"FROM {'NAMED ' if 'named' in clause else ''}{_term(iri, None)} "
        for clause in algebra.datasetClause or ()
        for key, iri in clause.items()
        if key in {"default", "named"}
    )
    worker = open_worker(output, address)
    try:
        for pattern, graph in _placed(algebra, None):
            group = f"{{ {_pattern_text(pattern, None)} }}"
            shown = _pattern_text(pattern, names)
            if graph is not None:
                group = f"{{ GRAPH {_term(graph, None)} {group} }}"
                shown += f"  in {_term(graph, names)}"
            text = f"SELECT (COUNT(*) AS ?its_rows) {dataset} WHERE {group}"
            try:
                answer = worker.ask(checked(text, ontology), _COUNTING)
                if isinstance(answer, Rows):
                    yield f"{int(str(next(answer.rows)[0])):,}", shown
                    next(answer.rows, None)
            except LimitError:
                yield f"over {_COUNTING.seconds} s", shown
                worker.close()
                worker = open_worker(output, address)
    finally:
        worker.close()


def _placed(node: Any, graph: Any) -> Iterator[tuple[_Pattern, Any]]:
    """Yield all triple patterns of an algebra, each with the graph it stands in."""
    from rdflib.plugins.sparql.parserutils import CompValue

    if isinstance(node, CompValue):
        if node.name in {"Graph", "GraphGraphPattern"}:
            graph = node.term
        for key, value in node.items():
            if key == "triples":
                for pattern in _patterns(value):
                    yield pattern, graph
            else:
                yield from _placed(value, graph)
    elif isinstance(node, list):
        for part in node:
            yield from _placed(part, graph)
