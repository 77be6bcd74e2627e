"""What ``metadata.toml`` says of the files beside it.

One table per file name, with any of ``title``, ``date``, ``publisher`` and ``url``::

    ["budget-speech.txt"]
    title = "The budget speech"
    date = 2024-03-06
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date as calendar_date
from pathlib import Path
from typing import Any

from kg.errors import InputError

FILE_NAME = "metadata.toml"
_FIELDS = ("title", "date", "publisher", "url")
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ]\d\d:\d\d\S*)?)?)?", re.ASCII)
_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f\x7f<>\"{}|\\^`]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is known of a document from outside its file.

    Attributes:
        title: Headline.
        date: ISO 8601 date of publication.
        publisher: Who published it.
        url: Where it was published.
        notes: Values that were left out, and why.
    """

    title: str | None = None
    date: str | None = None
    publisher: str | None = None
    url: str | None = None
    notes: tuple[str, ...] = ()


NOTHING_KNOWN = Metadata()
"""The metadata of a file that no table names."""


def folder_metadata(
    folder: Path, shown: str
) -> tuple[Mapping[str, Metadata], tuple[InputError, ...]]:
    """Read the metadata of a folder's files.

    Args:
        folder: The folder.
        shown: How people know its ``metadata.toml``.

    Returns:
        Metadata by file name (in Unicode form NFC), and what is wrong with the file; a
        file that cannot be read leaves the folder without metadata.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return {}, ()
    try:
        tables = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        return {}, (InputError(shown, f"cannot be read as TOML, left out: {error}"),)
    except OSError as error:
        return {}, (InputError(shown, error.strerror or str(error)),)
    loose = sorted(name for name, value in tables.items() if not _is_table(value))
    problems = tuple(
        InputError(shown, f'{name!r} stands outside a table such as ["a-text.txt"]')
        for name in loose
    )
    entries = {
        unicodedata.normalize("NFC", name): _entry(table)
        for name, table in _tables("", tables)
    }
    return entries, problems


def iso_date(value: object) -> str | None:
    """Return a date as YYYY, YYYY-MM or YYYY-MM-DD; None if it is no such date.

    Args:
        value: Text, or a date or whole number as TOML gives them; a time is dropped.
    """
    match = _DATE.fullmatch(str(value).strip())
    if match is None or isinstance(value, bool):
        return None
    year, month, day = match.groups()
    try:
        calendar_date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return "-".join(part for part in (year, month, day) if part)


def web_address(value: str | None) -> str | None:
    """Return an http address; None for anything else, which must not become a link."""
    value = (value or "").strip()
    return value if _ADDRESS.fullmatch(value) else None


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _tables(name: str, table: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    # [a.txt] without quotes is, in TOML, the table "txt" inside the table "a".
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _tables(f"{name}.{key}" if name else key, value)
    if name and not (table and all(map(_is_table, table.values()))):
        yield name, table


def _entry(table: dict[str, Any]) -> Metadata:
    notes = [
        f"{field} in {FILE_NAME} is no text and left out"
        for field in ("title", "publisher", "url")
        if not isinstance(table.get(field, ""), str)
    ]
    notes += [
        f"{field} in {FILE_NAME} is not known: write {', '.join(_FIELDS)}"
        for field in table
        if field not in _FIELDS and not _is_table(table[field])
    ]
    date, url = iso_date(table.get("date")), web_address(_text(table, "url"))
    if "date" in table and date is None:
        said = str(table["date"])
        notes.append(
            f"date {said!r} in {FILE_NAME} is left out: write it like 2024-03-06"
        )
    if _text(table, "url") and url is None:
        notes.append(f"url in {FILE_NAME} is left out: it is no http address")
    return Metadata(
        _text(table, "title"), date, _text(table, "publisher"), url, tuple(notes)
    )


def _text(table: dict[str, Any], field: str) -> str | None:
    value = table.get(field)
    return " ".join(value.split()) or None if isinstance(value, str) else None
