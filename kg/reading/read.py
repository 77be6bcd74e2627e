"""Read one source into a document."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from kg.errors import InputError
from kg.model import Document
from kg.reading import text
from kg.reading.apart import read_apart
from kg.reading.content import MAX_CHARACTERS, TOO_LONG, Content
from kg.reading.metadata import Metadata, iso_date, web_address
from kg.reading.readers import reader_for
from kg.reading.sources import Source
from kg.slug import slug

MAX_BYTES = 100_000_000
_WIDEST = 4  # bytes of a character, in any encoding


def read_bytes(source: Source) -> bytes:
    """Return the bytes of a source.

    Raises:
        InputError: It cannot be opened, is no regular file any more, is empty, or holds
            more than 100 MB.
    """
    try:
        if source.location == "-":
            data = _read_once(sys.stdin.buffer)
        else:
            data = _regular_file(source)
    except OSError as error:
        raise InputError(source.path, error.strerror or str(error)) from error
    if len(data) > MAX_BYTES:
        raise InputError(source.path, f"larger than {MAX_BYTES // 1_000_000} MB")
    if not data:
        raise InputError(source.path, "the file is empty")
    return data


def _regular_file(source: Source) -> bytes:
    # Opening a pipe that took the file's place since it was found would wait for ever.
    nonblocking = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(source.location, os.O_RDONLY | nonblocking), "rb") as file:  # noqa: PTH123 - Path.open takes no flags
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise InputError(source.path, "not a regular file")
        return file.read(MAX_BYTES + 1)


@lru_cache(maxsize=1)
def _read_once(stream: BinaryIO) -> bytes:
    # A pipe can be read once, however often "-" is given.
    return stream.read(MAX_BYTES + 1)


def fingerprint(source: Source, data: bytes) -> str:
    """Return a digest of all that a document is made of: its bytes and its metadata.

    Args:
        source: Where the bytes come from.
        data: The bytes.
    """
    said = _said(source.metadata)
    return hashlib.sha256(hashlib.sha256(data).digest() + said).hexdigest()


@lru_cache
def _said(about: Metadata) -> bytes:
    said = [about.title, about.date, about.publisher, about.url, about.notes]
    return json.dumps(said).encode()


def read(source: Source, data: bytes) -> Document:
    """Make a document of a file's bytes.

    What ``metadata.toml`` in the same folder says of the file goes before what the file
    says of itself.

    Args:
        source: Where the bytes come from.
        data: The bytes.

    Raises:
        InputError: The file is damaged, encrypted, holds no text or too much of it, or
            its parser met a limit.
    """
    if not data:
        raise InputError(source.path, "the file is empty")
    is_stdin = source.location == "-"
    try:
        content = _content("" if is_stdin else Path(source.path).suffix, data)
    except ValueError as error:
        raise InputError(source.path, str(error)) from error
    if not any(character.isalnum() for character in content.text):
        raise InputError(source.path, "holds no text")
    digest = hashlib.sha256(data).hexdigest()
    about = source.metadata
    return Document(
        f"{slug('stdin' if is_stdin else Path(source.path).stem)}-{digest[:8]}",
        source.path,
        content.text,
        digest,
        title=about.title or _line(content.title),
        date=about.date or iso_date(content.date),
        publisher=about.publisher or _line(content.publisher),
        url=about.url or web_address(content.url),
        notes=(*content.notes, *about.notes),
    )


def _content(suffix: str, data: bytes) -> Content:
    """Return what a file holds; what needs more than decoding is parsed apart."""
    if reader_for(suffix, data) is not text.read:
        return read_apart(suffix, data)
    if len(data) > _WIDEST * MAX_CHARACTERS:
        raise ValueError(TOO_LONG)
    content = text.read(data)
    if len(content.text) > MAX_CHARACTERS:
        raise ValueError(TOO_LONG)
    return content


def _line(said: str | None) -> str | None:
    """Return a name or title as one line of characters that can be shown."""
    shown = "".join(c if c.isprintable() else " " for c in said or "")
    return " ".join(shown.split()) or None
