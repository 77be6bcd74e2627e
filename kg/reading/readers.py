"""The readers by suffix."""

from __future__ import annotations

from collections.abc import Mapping

from kg.reading import markdown, pdf, text, web, word
from kg.reading.content import Reader

READERS: Mapping[str, Reader] = {
    ".txt": text.read,
    ".text": text.read,
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".html": web.read,
    ".htm": web.read,
    ".pdf": pdf.read,
    ".docx": word.read,
}
"""The function that reads files of each suffix; the one list of what can be read."""


def reader_for(suffix: str, data: bytes) -> Reader:
    """Return the reader for a file, by what it is rather than by what it is called.

    Args:
        suffix: End of the file's name, empty for standard input.
        data: The file's bytes.
    """
    head = data[:1024].lstrip()
    if head.startswith(b"%PDF-"):
        return pdf.read
    named = READERS.get(suffix.lower())
    if named in (None, text.read):
        if head.startswith(b"PK\x03\x04"):
            return word.read
        if named is None and head.lower().startswith((b"<!doctype html", b"<html")):
            return web.read
    return named or text.read
