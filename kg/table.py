"""Rows as text: cells that are safe to show, and columns that fit the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

# Rows that settle how wide the columns are: later ones are written as they come.
_MEASURED = 1_000
_GAP = 2


def clean(text: str) -> str:
    """Return text without control and bidirectional characters, which fool terminals."""
    return "".join(
        c if unicodedata.category(c) not in {"Cc", "Cf"} or c in "\u200d" else " "
        for c in text
    )


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula (OWASP ASVS 1.2.10).

    A carriage return becomes a line break: alone, it would end the row for its reader.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\n", "\0"} else text


def table_text(
    columns: Sequence[str], rows: Iterable[Sequence[str]], width: int
) -> str:
    """Return rows as aligned columns that fit the width; long cells wrap."""
    return "".join(table_lines(columns, rows, width))


def table_lines(
    columns: Sequence[str], rows: Iterable[Sequence[str]], width: int
) -> Iterator[str]:
    """Yield a table line by line; the first thousand rows settle its columns.

    Args:
        columns: Their names; an underscore is shown as a space.
        rows: The cells, without line breaks.
        width: Of the terminal, in characters of Latin script.
    """
    from rich.cells import cell_len

    head = [column.replace("_", " ") for column in columns]
    rows = iter(rows)
    first = list(islice(rows, _MEASURED))
    natural = [max(map(cell_len, cells)) for cells in zip(head, *first, strict=True)]
    widths = _fitted(natural, width - _GAP * (len(head) - 1))
    for row in chain([head], first, rows):
        yield from _row_lines(row, widths)


def _fitted(natural: Sequence[int], room: int) -> list[int]:
    """Return widths that fit the room: the widest columns give way first."""
    widest = max(natural, default=0)
    while widest > 1 and sum(min(w, widest) for w in natural) > room:
        widest = min(widest, max(room, 1)) - 1
    return [min(w, max(widest, 1)) for w in natural]


def _row_lines(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    from rich.cells import set_cell_size

    cells = [list(_wrapped(cell, w)) for cell, w in zip(row, widths, strict=True)]
    for number in range(max(map(len, cells), default=0)):
        parts = [
            set_cell_size(cell[number] if number < len(cell) else "", w)
            for cell, w in zip(cells, widths, strict=True)
        ]
        yield (" " * _GAP).join(parts).rstrip() + "\n"


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Yield the lines of a cell, broken between words, or within one that is too long."""
    from rich.cells import cell_len, chop_cells

    if cell_len(text) <= width:
        yield text
        return
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if cell_len(longer) <= width:
            line = longer
            continue
        if line:
            yield line
        *full, line = chop_cells(word, width) or [""]
        yield from full
    yield line
