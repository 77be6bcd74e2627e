"""Answers as text, written while their rows come."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from textwrap import indent
from typing import Any

from kg.errors import LimitError
from kg.query.worker import Cell, Rows
from kg.table import clean, safe_cell, table_lines

NAMED = frozenset({"table", "md"})
"""The formats for people, which show entities by their names."""


def written(
    rows: Rows, format_: str, prefixes: Mapping[str, str], width: int
) -> Iterator[str]:
    """Yield rows in a format; when a limit is reached, they end well formed.

    Args:
        rows: The answer to SELECT; asked with names for one of NAMED.
        format_: table, csv, tsv, json or md.
        prefixes: For IRIs that have no name.
        width: Of the terminal, for a table.

    Raises:
        LimitError: There are more rows, or the query took too long or too much.
    """
    if format_ == "table":
        return table_lines(rows.columns, _for_people(rows, prefixes), width)
    if format_ == "md":
        return _markdown(rows, prefixes)
    if format_ == "json":
        return _json(rows)
    return _separated(rows, "," if format_ == "csv" else "\t")


def _for_people(rows: Rows, prefixes: Mapping[str, str]) -> Iterator[list[str]]:
    shown = _shown(prefixes)
    for row in rows.rows:
        yield [shown(cell) for cell in row]


def _shown(prefixes: Mapping[str, str]) -> Callable[[Cell], str]:
    """Return how people read a cell: the name of an entity, a term with its prefix."""
    longest_first = sorted(prefixes.items(), key=lambda pair: -len(pair[1]))

    def shown(cell: Cell) -> str:
        if not isinstance(cell, list):
            return clean(cell or "")
        iri = _value(cell)
        name = cell[1] if len(cell) > 1 else None
        if name is not None:
            return clean(name)
        for prefix, namespace in longest_first:
            if iri.startswith(namespace):
                return clean(f"{prefix}:{iri[len(namespace) :]}")
        return clean(iri)

    return shown


def _value(cell: Cell) -> str:
    """Return what other programs read: an IRI or a literal as it is."""
    return (cell[0] if isinstance(cell, list) else cell) or ""


def _markdown(rows: Rows, prefixes: Mapping[str, str]) -> Iterator[str]:
    yield "| " + " | ".join(rows.columns) + " |\n"
    yield "|" + " --- |" * len(rows.columns) + "\n"
    for row in _for_people(rows, prefixes):
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |\n"


def _json(rows: Rows) -> Iterator[str]:
    before = "[\n"
    try:
        for row in rows.rows:
            record = dict(zip(rows.columns, map(_value, row), strict=True))
            text = json.dumps(record, ensure_ascii=False, indent=1)
            yield before + indent(text, " ")
            before = ",\n"
    except LimitError:
        yield "[]\n" if before == "[\n" else "\n]\n"
        raise
    yield "[]\n" if before == "[\n" else "\n]\n"


def _separated(rows: Rows, delimiter: str) -> Iterator[str]:
    writer = csv.writer(_Echo(), lineterminator="\n", delimiter=delimiter)
    yield writer.writerow(rows.columns)
    for row in rows.rows:
        cells = [_value(cell) for cell in row]
        if delimiter == "\t":
            cells = [re.sub(r"[\t\n\r]", " ", cell) for cell in cells]
        yield writer.writerow([safe_cell(cell) for cell in cells])


class _Echo:
    """A file that gives each line back instead of keeping it."""

    def write(self, line: str) -> Any:
        return line
