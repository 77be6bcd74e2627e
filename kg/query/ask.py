"""Ask a query and wait for all of its answer: for scripts, notebooks and tests."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kg.ontology import Ontology
from kg.query.guard import checked
from kg.query.worker import Cell, Limits, Rows, Text
from kg.where import open_worker


@dataclass(frozen=True, slots=True)
class Table:
    """All rows of a SELECT."""

    columns: tuple[str, ...]
    rows: list[list[Cell]]


def run(
    output: Path, text: str, ontology: Ontology, limits: Limits | None = None
) -> Table | str | bool:
    """Ask a query and wait for all of its answer.

    The default graph is the merge of all documents' graphs, and the prefixes of the
    ontology need no PREFIX line.

    Args:
        output: The folder of the graph.
        text: SPARQL 1.1 SELECT, ASK, CONSTRUCT or DESCRIBE.
        ontology: Gives prefixes and terms.
        limits: What the query may take.

    Returns:
        A table, triples as Turtle, or the answer yes or no.

    Raises:
        UsageError: The query is wrong, changes data, or reaches for the network.
        LimitError: It takes too long or too much.
        StoreError: The graph cannot be opened.
    """
    query = checked(text, ontology)
    with closing(open_worker(output)) as worker:
        answer = worker.ask(query, limits)
        if isinstance(answer, Rows):
            return Table(answer.columns, list(answer.rows))
        return "".join(answer.parts) if isinstance(answer, Text) else answer
