"""Read one source into a document."""

from __future__ import annotations

import hashlib
import re
import sys
import tomllib
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from kg.errors import InputError
from kg.model import Document
from kg.reading.content import SUFFIXES, Content
from kg.reading.sources import METADATA, Source
from kg.slug import slug

MAX_BYTES = 100_000_000
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


def read_bytes(source: Source) -> bytes:
    """Return the bytes of a source.

    Raises:
        InputError: It cannot be opened, or holds more than 100 MB.
    """
    try:
        if source.location == "-":
            data = _standard_input()
        else:
            path = Path(source.location)
            if path.stat().st_size > MAX_BYTES:
                raise InputError(source.path, "larger than 100 MB")
            data = path.read_bytes()
    except OSError as error:
        raise InputError(source.path, error.strerror or str(error)) from error
    if not data:
        raise InputError(source.path, "the file is empty")
    return data


@cache
def _standard_input() -> bytes:
    # A pipe can be read once, however often "-" is given.
    return sys.stdin.buffer.read(MAX_BYTES)


def fingerprint(source: Source, data: bytes) -> str:
    """Return a digest of all that a document is made of: its bytes and its metadata."""
    digest = hashlib.sha256(data)
    digest.update(repr(sorted(_metadata(source).items())).encode())
    return digest.hexdigest()


def read(source: Source, data: bytes) -> Document:
    """Make a document of a file's bytes.

    What ``metadata.toml`` in the same folder says of the file goes before what the file
    says of itself.

    Raises:
        InputError: The file is damaged, encrypted, or holds no text.
    """
    given = _metadata(source)
    try:
        content = _content(source, data)
    except ValueError as error:
        raise InputError(source.path, str(error)) from error
    if not any(character.isalnum() for character in content.text):
        raise InputError(source.path, "holds no text")
    digest = hashlib.sha256(data).hexdigest()
    stem = "stdin" if source.location == "-" else Path(source.path).stem
    date = str(given.get("date") or content.date or "")
    return Document(
        f"{slug(stem)}-{digest[:8]}",
        source.path,
        content.text,
        digest,
        title=given.get("title") or content.title,
        date=date if _DATE.fullmatch(date) else None,
        publisher=given.get("publisher") or content.publisher,
        url=given.get("url") or content.url,
        notes=content.notes,
    )


def _content(source: Source, data: bytes) -> Content:
    kind = SUFFIXES.get(Path(source.path).suffix.lower(), "text")
    if data.startswith(b"%PDF-"):
        kind = "pdf"  # whatever its name says
    content: Content = import_module(f"kg.reading.{kind}").read(data)
    return content


def _metadata(source: Source) -> dict[str, Any]:
    if source.location == "-":
        return {}
    path = Path(source.location)
    entry = _metadata_of(str(path.parent)).get(path.name, {})
    return entry if isinstance(entry, dict) else {}


def _metadata_of(folder: str) -> dict[str, Any]:
    path = Path(folder) / METADATA
    try:
        return _parsed(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise InputError(str(path), f"cannot be read as TOML: {error}") from error


@cache
def _parsed(path: Path, modified: int) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)
