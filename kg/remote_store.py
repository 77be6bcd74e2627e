"""The graph of an output folder on a SPARQL 1.1 server, in place of the embedded store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import httpx
from pyoxigraph import (
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolution,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
    serialize,
)

from kg.errors import LimitError, StoreError
from kg.ontology import load_ontology
from kg.query.guard import Query
from kg.query.worker import Cell, Limits, Rows, Text
from kg.rdf import RDF, RDFS
from kg.remote_query import from_clauses, names_graphs, within_merge
from kg.sparql_client import EVERYTHING, Dataset, RefusedError, SparqlClient
from kg.store import DOCUMENT

LARGE = 1_000_000
"""Bytes from which on a graph is put as a file, where the server takes files: servers hold
a whole update in memory several times over, and some refuse a long one."""

_INSERTED = 1_000  # triples; Virtuoso refuses to insert some thousand at once

_ROWS = "application/sparql-results+json"
_TRIPLES = "application/n-triples, text/turtle;q=0.9"
_LABELLED = 500  # rows whose IRIs get their labels together
_TYPE = NamedNode(RDF + "type")
_LABEL = NamedNode(RDFS + "label")


class RemoteStore:
    """A graph that a server keeps: what an embedded store offers, and what a worker does.

    The default graph of a query is the merge of all documents' graphs, each triple once.
    Where a server's default graph is its own, the merge is stored there.  Elsewhere it is
    the union of all graphs, often with a triple once for each graph that holds it: there
    the merge is one named graph more, and queries are about that.
    """

    together = 1

    def __init__(self, client: SparqlClient, merge: str | None) -> None:
        self._client = client
        self._merge = merge

    @classmethod
    def open(cls, address: str, *, writable: bool = False) -> RemoteStore:
        """Open the graph on a server.

        Args:
            address: Where the server is; see :func:`kg.sparql_client.endpoints`.
            writable: To change the graph, or to begin one.

        Raises:
            UsageError: The address, or what the environment says of us, is wrong.
            StoreError: The server cannot be reached, refuses, or has no graph.
        """
        store = cls(SparqlClient(address), load_ontology().iri("merge"))
        try:
            store._find_merge(writable=writable)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Let go of the server."""
        self._client.close()

    def flush(self) -> None:
        """Do nothing: a server keeps what it has said it has."""

    def _find_merge(self, *, writable: bool) -> None:
        """Find out where the merge is, or where it belongs.

        Raises:
            StoreError: There is no graph, or the default graph is not what it was.
        """
        if self._holds(str(self._merge)):
            return
        merge, self._merge = self._merge, None
        labels = self._labels_of_documents()
        if not labels and not writable:
            raise StoreError(f"no graph at {self._client.place}: run `kg build` first")
        if labels > 1 or (writable and self._shows_union()):
            if self.documents():
                raise StoreError(
                    f"{self._client.place} shows the union of its graphs as default graph,"
                    " and did not when this graph was built: set it up as it was"
                )
            self._merge = merge

    def _holds(self, graph: str) -> bool:
        """Tell whether there is anything in a named graph."""
        return bool(
            self._rows(f"SELECT ?s {{ GRAPH <{graph}> {{ ?s ?p ?o }} }} LIMIT 1")
        )

    def _labels_of_documents(self) -> int:
        """Return how often a question meets the label of a class that has just one."""
        class_ = NamedNode(load_ontology().iri("Document"))
        text = f"SELECT ?label {{ {class_} {_LABEL} ?label }}"
        return len(self._rows(text))

    def _shows_union(self) -> bool:
        """Tell whether what is put into a named graph shows in the default graph."""
        probe = NamedNode(load_ontology().iri("probe"))
        triple = f"{probe} {_LABEL} {probe}"
        self._client.update(f"INSERT DATA {{ GRAPH {probe} {{ {triple} }} }}")
        try:
            return bool(self._rows(f"SELECT ?label {{ {probe} {_LABEL} ?label }}"))
        finally:
            self._client.update(f"DROP SILENT GRAPH {probe}")

    def add(self, graphs: Mapping[str, Iterable[Quad]]) -> None:
        """Add named graphs, one after the other."""
        for name, quads in graphs.items():
            self.replace(name, quads)

    def replace(self, graph: str, quads: Iterable[Quad]) -> None:
        """Replace a named graph and keep the merge in step; with no quads, remove it.

        It is one request, and one transaction where the server keeps to SPARQL.  A large
        graph takes three, the second of which replaces it.  Wherever that is cut off, to
        do it again puts all right: first the merge loses what it has from this graph
        alone, last it gets all of the new one.

        Raises:
            StoreError: The server cannot be reached, or refuses.
            LimitError: It takes too long.
        """
        name = NamedNode(graph)
        triples = sorted({f"{q.subject} {q.predicate} {q.object} .\n" for q in quads})
        others = f"?other != {name}"
        merged = anything = "?s ?p ?o"
        if self._merge:
            others += f" && ?other != <{self._merge}>"
            merged = f"GRAPH <{self._merge}> {{ {anything} }}"
        leave = (
            f"DELETE {{ {merged} }} WHERE {{ GRAPH {name} {{ {anything} }} "
            f"FILTER NOT EXISTS {{ GRAPH ?other {{ {anything} }} FILTER({others}) }} }}"
        )
        drop = f"DROP SILENT GRAPH {name}"
        inserts = [
            f"INSERT DATA {{ GRAPH {name} {{ {''.join(triples[i : i + _INSERTED])} }} }}"
            for i in range(0, len(triples), _INSERTED)
        ]
        enter = f"INSERT {{ {merged} }} WHERE {{ GRAPH {name} {{ {anything} }} }}"
        if not triples:
            self._client.update(leave, drop)
        elif self._puts(sum(map(len, triples))):
            self._client.update(leave)
            self._client.put(graph, "".join(triples))
            self._client.update(enter)
        else:
            self._client.update(leave, drop, *inserts, enter)

    def _puts(self, size: int) -> bool:
        """Tell whether a graph of that size is put as a file.

        So is any graph where the merge is a named graph: Virtuoso takes whole decimals for
        integers in an update, and is slower by far.
        """
        return self._client.takes_graphs and (size >= LARGE or self._merge is not None)

    def documents(self) -> list[str]:
        """Return the IRIs of all documents, which name their graphs, sorted."""
        class_ = NamedNode(load_ontology().iri("Document"))
        rows = self._rows(f"SELECT ?g {{ GRAPH ?g {{ ?g {_TYPE} {class_} }} }}")
        return sorted(graph.value for (graph,) in rows if isinstance(graph, NamedNode))

    def quads(self, graph: str) -> Iterator[Quad]:
        """Yield the quads of one named graph in no fixed order."""
        name = NamedNode(graph)
        for terms in self._rows(f"SELECT ?s ?p ?o {{ GRAPH {name} {{ ?s ?p ?o }} }}"):
            subject, predicate, object_ = terms
            if not isinstance(subject, NamedNode) or not isinstance(
                predicate, NamedNode
            ):
                raise StoreError(f"{graph} holds what `kg build` never wrote: {terms}")
            yield Quad(subject, predicate, object_, name)

    def all_quads(self) -> Iterator[Quad]:
        """Yield the quads of all documents, document by document."""
        for graph in self.documents():
            yield from self.quads(graph)

    def ask(
        self,
        query: Query,
        limits: Limits | None = None,
        *,
        names: bool = False,
        format_: str | None = None,
    ) -> Rows | Text | bool:
        """Ask a query; the answer is what a worker answers about an embedded store.

        Args:
            query: What :func:`kg.query.guard.checked` has let through.
            limits: What it may take; thirty seconds if left out.
            names: Send the label of each IRI along.
            format_: Media type of a standard format in which the answer is wanted.

        Returns:
            What SELECT, CONSTRUCT and DESCRIBE, or ASK give.

        Raises:
            UsageError: The query is wrong, or reads FROM a graph that is not there.
            LimitError: It took too long or too much.  Rows raise it too, as they come.
            StoreError: The server cannot be reached, or refuses.
        """
        limits = limits or Limits()
        for graph, _ in query.graphs:
            if not self._holds(graph):
                raise query.unknown_graph(graph)
        asked, dataset = self._about_ours(query)
        of_triples = query.form in {"CONSTRUCT", "DESCRIBE"}
        wanted = format_ or (_TRIPLES if of_triples else _ROWS)
        try:
            kind, body = self._client.query(_text(asked), wanted, limits, dataset)
        except RefusedError as error:
            if error.status != httpx.codes.BAD_REQUEST:
                raise
            raise asked.error(error.said) from error
        if format_ is not None:
            return Text(iter((body.decode(),)))
        if of_triples:
            return Text(_turtle(self._triples(kind, body), query, limits))
        result = self._result(kind, body)
        if isinstance(result, bool):
            return result
        columns, rows = result
        if query.form == "ASK":
            # Virtuoso gives a row with a number if the query has line breaks.
            return any(
                getattr(value, "value", "0") != "0" for row in rows for value in row
            )
        return Rows(columns, self._cells(rows, limits, names=names))

    def _about_ours(self, query: Query) -> tuple[Query, Dataset]:
        """Return a query that sees our graphs and no others, and what goes with it."""
        if query.graphs:
            return query, from_clauses(query)
        if self._merge is None or not names_graphs(query):
            return query, self._default
        terms = load_ontology().namespace.rstrip("#")
        ours = f'CONTAINS(STR({{0}}), "{DOCUMENT}") || {{0}} = <{terms}>'
        return within_merge(query, self._merge, ours), EVERYTHING

    @property
    def _default(self) -> Dataset:
        """What a query sees that looks into the default graph alone."""
        return Dataset(default=(self._merge,)) if self._merge else EVERYTHING

    def _cells(
        self, rows: Sequence[QuerySolution], limits: Limits, *, names: bool
    ) -> Iterator[list[Cell]]:
        allowed = rows[: limits.rows]
        for start in range(0, len(allowed), _LABELLED):
            some = allowed[start : start + _LABELLED]
            labels = self._labels(some) if names else None
            for row in some:
                yield [_cell(term, labels) for term in row]
        _refuse_more(len(rows), limits)

    def _labels(self, rows: Sequence[QuerySolution]) -> dict[str, str]:
        """Return the labels of the IRIs in some rows."""
        iris = {
            str(term) for row in rows for term in row if isinstance(term, NamedNode)
        }
        if not iris:
            return {}
        values = " ".join(sorted(iris))
        text = (
            f"SELECT ?iri ?label {{ VALUES ?iri {{ {values} }} ?iri {_LABEL} ?label }}"
        )
        found: dict[str, str] = {}
        for iri, label in self._rows(text, self._default):
            if isinstance(iri, NamedNode) and isinstance(label, Literal):
                found[iri.value] = min(label.value, found.get(iri.value, label.value))
        return found

    def _rows(
        self, text: str, dataset: Dataset = EVERYTHING
    ) -> Sequence[QuerySolution]:
        """Return the rows of a question of our own."""
        result = self._result(*self._client.query(text, _ROWS, dataset=dataset))
        if isinstance(result, bool):
            raise StoreError(
                f"{self._client.place} answers yes or no where it gives rows"
            )
        return result[1]

    def _result(
        self, kind: str, body: bytes
    ) -> bool | tuple[tuple[str, ...], list[QuerySolution]]:
        """Return yes or no, or columns and rows.

        Raises:
            StoreError: It is neither.
            LimitError: It ends too early, which is how a server says it has had enough.
        """
        if not kind.endswith("json"):
            raise self._unexpected(kind)
        try:
            result = parse_query_results(body, QueryResultsFormat.JSON)
            if isinstance(result, QueryBoolean):
                return bool(result)
            if isinstance(result, QuerySolutions):
                return tuple(v.value for v in result.variables), list(result)
        except SyntaxError as error:
            raise self._cut_off() from error
        raise TypeError(f"unexpected result of a query: {result!r}")

    def _triples(self, kind: str, body: bytes) -> list[Triple]:
        syntax = RdfFormat.from_media_type(kind)
        if syntax is None:
            raise self._unexpected(kind)
        try:
            return [
                Triple(q.subject, q.predicate, q.object) for q in parse(body, syntax)
            ]
        except SyntaxError as error:
            raise self._cut_off() from error

    def _unexpected(self, kind: str) -> StoreError:
        return StoreError(
            f"{self._client.place} answers with {kind or 'nothing'} and not with what "
            "SPARQL has for it: is this the right URL?"
        )

    def _cut_off(self) -> LimitError:
        return LimitError(
            f"the answer of {self._client.place} is cut off: it takes longer than the "
            "server allows"
        )


def _text(query: Query) -> str:
    """Return a query with the declarations of the prefixes that it does not declare."""
    declared = {
        name.text.partition(":")[0]
        for word, name in pairwise(query.tokens)
        if word.is_word("prefix")
    }
    used = {t.text.partition(":")[0] for t in query.tokens if t.kind == "name"}
    # On the first line of the query, so that the server's line numbers stay right.
    prefixes = (f"PREFIX {p}: <{query.prefixes[p]}> " for p in sorted(used - declared))
    return "".join(prefixes) + query.for_the_engine


def _cell(term: object, labels: Mapping[str, str] | None) -> Cell:
    if isinstance(term, Literal):
        return term.value
    if isinstance(term, NamedNode):
        return [term.value] if labels is None else [term.value, labels.get(term.value)]
    return None if term is None else str(term)


def _turtle(triples: Iterable[Triple], query: Query, limits: Limits) -> Iterator[str]:
    ordered = sorted(
        set(triples), key=lambda t: (str(t.subject), str(t.predicate), str(t.object))
    )
    text = serialize(
        ordered[: limits.rows], format=RdfFormat.TURTLE, prefixes=dict(query.prefixes)
    )
    yield (text or b"").decode()
    _refuse_more(len(ordered), limits)


def _refuse_more(count: int, limits: Limits) -> None:
    if limits.rows is not None and count > limits.rows:
        raise LimitError(f"there are more than {limits.rows:,} rows")
