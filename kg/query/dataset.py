"""A query about the graphs that its asker names beside it, as the SPARQL protocol lets one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pyoxigraph import NamedNode

from kg.errors import UsageError
from kg.query.guard import Query
from kg.query.tokens import Token

_ENDS = ("where", "order", "limit", "offset", "group", "having", "values")


def about(query: Query, default: Sequence[str], named: Sequence[str]) -> Query:
    """Return a query about certain graphs, whatever it says FROM itself.

    Args:
        query: What ``kg.query.guard.checked`` has let through.
        default: IRIs of graphs whose merge it looks into.
        named: IRIs of the graphs that GRAPH finds.

    Raises:
        UsageError: One is no IRI.
    """
    if not default and not named:
        return query
    own = list(_without_from(query.tokens))
    at = _place(own, query.form)
    start = own[at - 1].start
    graphs = []
    added: list[Token] = []
    for words, iris in ((("FROM",), default), (("FROM", "NAMED"), named)):
        for iri in iris:
            token = Token("iri", f"<{_checked(iri)}>", start)
            graphs.append((iri, token))
            added += [*(Token("word", word, start) for word in words), token]
    return replace(query, tokens=(*own[:at], *added, *own[at:]), graphs=tuple(graphs))


def _checked(iri: str) -> str:
    try:
        return NamedNode(iri).value
    except ValueError as error:
        raise UsageError(f"{iri!r} is no IRI of a graph") from error


def _without_from(tokens: Sequence[Token]) -> Iterator[Token]:
    skipped = 0
    for number, token in enumerate(tokens):
        if skipped:
            skipped -= 1
        elif token.is_word("from", "fromnamed"):
            after = tokens[number + 1 : number + 2]
            skipped = 2 if after and after[0].is_word("named") else 1
        else:
            yield token


def _place(tokens: Sequence[Token], form: str) -> int:
    """Return the number of the token before which FROM stands."""
    depth = 0
    begun = template = False
    for number, token in enumerate(tokens):
        if token.kind == "mark" and token.text in {"{", "("}:
            if begun and not depth and token.text == "{" and not template:
                if form != "CONSTRUCT":
                    return number
                template = True
            elif begun and not depth and token.text == "{":
                return number
            depth += 1
        elif token.kind == "mark" and token.text in {"}", ")"}:
            depth -= 1
        elif not depth and begun and token.is_word(*_ENDS):
            return number
        begun = begun or token.is_word(form.lower())
    return len(tokens)
