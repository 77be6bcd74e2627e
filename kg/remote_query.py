"""A query about the merge of all documents, for a server that shows the union instead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from kg.query.guard import Query
from kg.query.tokens import Token
from kg.sparql_client import Dataset


def names_graphs(query: Query) -> bool:
    """Tell whether a query looks into single graphs."""
    return any(token.is_word("graph") for token in query.tokens)


def from_clauses(query: Query) -> Dataset:
    """Return what a query says FROM, for servers that do not heed it in the query."""
    default: list[str] = []
    named: list[str] = []
    for graph, token in query.graphs:
        before = query.tokens[query.tokens.index(token) - 1]
        (named if before.is_word("named", "fromnamed") else default).append(graph)
    return Dataset(tuple(default), tuple(named))


def within_merge(query: Query, merge: str, ours: str) -> Query:
    """Return a query that looks into one named graph wherever it names none.

    ``WHERE { … GRAPH ?g { … } }`` becomes ``WHERE { GRAPH <merge> { … GRAPH ?g { … }
    FILTER(…) } }``: an inner GRAPH goes before an outer one.  The SPARQL protocol has
    parameters that mean the same, but they have to list every graph there is.

    Args:
        query: One that has no FROM.
        merge: IRI of the graph that holds the merge.
        ours: A condition on ``{}`` that the graphs of documents and terms meet alone.
    """
    groups, outermost = _groups(query.tokens)
    # The first group of CONSTRUCT is what is to be made of each row.
    where = outermost[1 if query.form == "CONSTRUCT" else 0]
    added = defaultdict(list)
    added[where].append(f"GRAPH <{merge}> {{")
    for number, (word, name) in enumerate(pairwise(query.tokens)):
        if word.is_word("graph") and name.kind == "variable":
            end = groups[number + 2]
            added[end].append(f"FILTER({ours.format(name.text)})")
    added[groups[where] - 1].append("}")
    tokens: list[Token] = []
    for number, token in enumerate(query.tokens):
        tokens.append(token)
        tokens += (Token("mark", text, token.start) for text in added[number])
    return replace(query, tokens=tuple(tokens))


def _groups(tokens: Sequence[Token]) -> tuple[dict[int, int], list[int]]:
    """Return the numbers of the brackets around each group, and the outermost groups."""
    ends: dict[int, int] = {}
    outermost = []
    opened: list[int] = []
    for number, token in enumerate(tokens):
        if token.kind == "mark" and token.text in {"(", "{"}:
            if not opened and token.text == "{":
                outermost.append(number)
            opened.append(number)
        elif token.kind == "mark" and token.text in {")", "}"}:
            start = opened.pop()
            if token.text == "}":
                ends[start] = number
    return ends, outermost
