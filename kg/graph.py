"""A graph that was built, as scripts and notebooks use it."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyoxigraph import Quad, RdfFormat, serialize

from kg.current import Current
from kg.ontology import load_ontology
from kg.query.guard import checked
from kg.query.worker import Cell, Limits, Text
from kg.query.worker import Rows as AnsweredRows
from kg.store import GraphStore
from kg.where import open_store, open_worker

if TYPE_CHECKING:
    import networkx
    import rdflib

    from kg.describe import Description
    from kg.search import NameHit, SentenceHit

Record = dict[str, Any]
SHOWN = 50
"""Rows that a notebook shows of an answer."""


def open_graph(
    output: str | os.PathLike[str] = "output", store: str | None = None
) -> Graph:
    """Open the graph of an output folder.

    Args:
        output: The folder that ``kg build`` wrote.
        store: A SPARQL server that keeps the graph, if not the one that the folder names.

    Raises:
        UsageError: The server's address is none.
        StoreError: There is no graph, or it cannot be read.
    """
    with closing(open_store(Path(output), store)):
        return Graph(Path(output), store)


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of a SELECT; as an iterable of dictionaries it makes a pandas data frame.

    Attributes:
        columns: The names of the variables.
        rows: By row, a value per column: an IRI or a literal as text, or None.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, str | None]]:
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def _repr_html_(self) -> str:
        """Return a table for notebooks."""
        head = "".join(f"<th>{escape(column)}</th>" for column in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(v or '')}</td>" for v in row) + "</tr>"
            for row in self.rows[:SHOWN]
        )
        more = len(self.rows) - SHOWN
        rest = f"<p>… and {more} more rows</p>" if more > 0 else ""
        return f"<table><tr>{head}</tr>{body}</table>{rest}"


class Graph:
    """What documents say: entities, facts and money, each with its sentences.

    Records are dictionaries, as ``kg export --format json`` writes them.  They are read
    when they are first asked for, and again after a build.
    """

    def __init__(self, output: Path, store: str | None = None) -> None:
        self._output, self._store = output, store
        self._ontology = load_ontology()
        self._current = Current(output, self._ontology, store)

    @property
    def documents(self) -> list[Record]:
        """The documents: id, path, title, date, publisher, url, words."""
        return self._current.graph().records["documents"]

    @property
    def entities(self) -> list[Record]:
        """The entities: id, label, type, aliases, sameAs, documents, mentions."""
        return self._current.graph().records["entities"]

    @property
    def facts(self) -> list[Record]:
        """The facts: subject, predicate and object by id and name, status, evidence, …"""
        return self._current.graph().records["facts"]

    @property
    def money(self) -> list[Record]:
        """The sums: kind, payer, recipient, amount, currency, purpose, status, evidence, …"""
        return self._current.graph().records["money"]

    def query(
        self, text: str, *, seconds: float = 30, rows: int | None = None
    ) -> Rows | str | bool:
        """Ask in SPARQL 1.1; the prefixes of the ontology need no PREFIX line.

        Args:
            text: SELECT, ASK, CONSTRUCT or DESCRIBE.
            seconds: How long it may take.
            rows: How many rows there may be; all if left out.

        Returns:
            Rows, triples as Turtle, or the answer yes or no.

        Raises:
            UsageError: The query is wrong, changes data, or reaches for the network.
            LimitError: It takes too long, or gives more.
            StoreError: The graph cannot be opened.
        """
        asked = checked(text, self._ontology)
        with closing(open_worker(self._output, self._store)) as worker:
            answer = worker.ask(asked, Limits(seconds, rows))
            if isinstance(answer, AnsweredRows):
                found = tuple(tuple(map(_value, row)) for row in answer.rows)
                return Rows(answer.columns, found)
            return "".join(answer.parts) if isinstance(answer, Text) else answer

    def show(self, name: str) -> list[Description]:
        """Return what a name means, the most mentioned first, with all that is said of it.

        Raises:
            UsageError: Nothing has that name; the message suggests names that are close.
        """
        from kg.describe import describe, find_entities

        records = self._current.graph().records
        return [describe(records, e) for e in find_entities(records, name)]

    def search(self, words: str, limit: int = 10) -> list[NameHit | SentenceHit]:
        """Return names and sentences with these words, the best of each first.

        Raises:
            StoreError: The folder has no index.
        """
        from kg.search import search

        return search(self._output, words, limit=limit)

    def to_networkx(self) -> networkx.MultiDiGraph:
        """Return the graph for networkx: entities and sums are nodes, facts are edges."""
        from kg.analysis import to_networkx

        return to_networkx(self._current.graph().records, self._ontology)

    def to_rdflib(self) -> rdflib.Dataset:
        """Return an rdflib Dataset: over the same store, or a copy of a server's.

        Its default graph is the merge of all documents, each of which is a named graph.
        """
        from rdflib import Dataset

        store = open_store(self._output, self._store)
        if isinstance(store, GraphStore):
            from oxrdflib import OxigraphStore

            over = Dataset(store=OxigraphStore(store=store.raw))
            weakref.finalize(over, store.close)  # until then no build removes its files
            return over
        dataset = Dataset()
        with closing(store):
            quads = list(store.all_quads())
        merged = (Quad(q.subject, q.predicate, q.object) for q in quads)
        text = serialize((*quads, *merged), format=RdfFormat.N_QUADS) or b""
        dataset.parse(data=text, format="nquads")
        return dataset

    def __repr__(self) -> str:
        counts = self._counts()
        told = ", ".join(f"{count} {name}" for name, count in counts.items())
        return f"<kg.Graph {str(self._output)!r}: {told}>"

    def _repr_html_(self) -> str:
        """Return a table for notebooks: what there is, by class."""
        classes = self._ontology.classes
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{count}</td></tr>"
            for name, count in self._counts().items()
        )
        by_class = "".join(
            f"<tr><td>{escape(classes[name].plural)}</td><td>{count}</td></tr>"
            for name in classes
            if (count := sum(e["type"] == name for e in self.entities))
        )
        return f"<table>{rows}</table><table>{by_class}</table>"

    def _counts(self) -> dict[str, int]:
        records = self._current.graph().records
        return {name: len(found) for name, found in records.items()}


def _value(cell: Cell) -> str | None:
    return cell[0] if isinstance(cell, list) else cell
