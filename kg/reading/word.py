"""Word files (.docx)."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from kg.reading.content import Content, headline
from kg.reading.metadata import iso_date

MAX_UNPACKED = 200_000_000  # bytes; a bomb of a few KB unpacks to gigabytes
MAX_RATIO = 200  # prose shrinks to a tenth or so; more is a bomb
_SMALL = 10_000_000  # bytes; whatever their ratio, parts up to here do no harm
_LEAST_SHARE = 0.5  # of what a file shows; if less is read, the rest stands elsewhere
_LONG = 500  # characters
_SHOWN = re.compile(rb"<[wa]:t(?:\s[^>]*)?>([^<]*)</")  # w: in texts, a: in drawings
_OLE = b"\xd0\xcf\x11\xe0"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SIGNS = {
    f"{_W}tab": "\t",
    f"{_W}br": "\n",
    f"{_W}cr": "\n",
    f"{_W}noBreakHyphen": "-",
}
# Titles that programs put there, and the moment python-docx's own template was made.
_NO_TITLES = frozenset(("word document", "document", "untitled", "title"))
_TEMPLATE_MADE = (2013, 12, 23)


def read(data: bytes) -> Content:
    """Read paragraphs and tables of a Word file in their order, a table row a line.

    Text in content controls, text boxes and tracked insertions is read; deletions are
    not.  Headers, footers and notes are left out.

    Raises:
        ValueError: The file is no Word file, is damaged, encrypted or a bomb.
    """
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    if data.startswith(_OLE):
        raise ValueError("an encrypted or pre-2007 Word file; save it as .docx")
    try:
        _guard(data)
        document = docx.Document(io.BytesIO(data))
        blocks = list(_blocks(document.element.body))
        shown = _shown(data)
        title = (document.core_properties.title or "").strip()
        created = document.core_properties.created
    except _RefusedError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        OpcError,
        LxmlError,
        KeyError,
        ValueError,
        AttributeError,
        EOFError,
        NotImplementedError,  # a zip compression that Python does not know
        RuntimeError,  # an encrypted member
    ) as error:
        raise ValueError("not a Word file (.docx), or a damaged one") from error
    text = "\n\n".join(filter(None, blocks))
    if title.casefold() in _NO_TITLES or not any(map(str.isalpha, title)):
        title = ""
    notes: tuple[str, ...] = ()
    if shown > _LONG and len(text) < _LEAST_SHARE * shown:
        notes = (
            f"{len(text):,} of its {shown:,} characters are read: the others stand in "
            "headers, footers, notes or drawings",
        )
    return Content(
        text + "\n", title=title or headline(text), date=_sane(created), notes=notes
    )


class _RefusedError(ValueError):
    """The file is refused for what it would do."""


def _guard(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        # zipfile unpacks no more of a member than its header declares.
        parts = archive.infolist()
        if sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise _RefusedError("the Word file unpacks to more than 200 MB")
        for part in parts:
            if part.file_size > max(_SMALL, MAX_RATIO * part.compress_size):
                raise _RefusedError("the Word file unpacks to far more than it should")
            if part.filename.endswith((".xml", ".rels")):
                with archive.open(part) as file:
                    head = file.read(2000).replace(b"\0", b"")
                # lxml cuts the text silently where such an entity stands.
                if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                    raise _RefusedError("the Word file declares XML entities")


def _shown(data: bytes) -> int:
    """Return how many characters a file shows in all its parts."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return sum(
            len(match[1])
            for name in archive.namelist()
            if name.startswith("word/") and name.endswith(".xml")
            for match in _SHOWN.finditer(archive.read(name))
        )


def _sane(created: datetime | None) -> str | None:
    if created is None or (created.year, created.month, created.day) == _TEMPLATE_MADE:
        return None
    return iso_date(created.date().isoformat()) if created.year >= 1990 else None


def _blocks(parent: Any) -> Iterator[str]:
    """Yield paragraphs and table rows.

    ``iter_inner_content`` of python-docx passes over content controls, text boxes and
    tracked insertions, so the elements are walked here.
    """
    for element in parent:
        if element.tag == f"{_W}p":
            boxes: list[Any] = []
            yield " ".join("".join(_pieces(element, boxes)).split())
            for box in boxes:
                yield from _blocks(box)
        elif element.tag == f"{_W}tr":
            cells = (" ".join(filter(None, _blocks(cell))) for cell in _cells(element))
            row = " | ".join(cells)
            yield row if row.strip(" |") else ""
        elif element.tag != _FALLBACK and isinstance(element.tag, str):
            yield from _blocks(element)


def _cells(row: Any) -> Iterator[Any]:
    for element in row:
        if element.tag == f"{_W}tc":
            yield element
        elif element.tag in {f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins"}:
            yield from _cells(element)


def _pieces(element: Any, boxes: list[Any]) -> Iterator[str]:
    """Yield the text of a paragraph; set its text boxes aside."""
    for child in element:
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _SIGNS:
            yield _SIGNS[child.tag]
        elif child.tag == f"{_W}txbxContent":
            boxes.append(child)
        elif child.tag not in {_FALLBACK, f"{_W}pPr", f"{_W}del", f"{_W}moveFrom"}:
            yield from _pieces(child, boxes)
