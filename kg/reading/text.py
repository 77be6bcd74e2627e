"""Plain text, whatever its encoding."""

from __future__ import annotations

import codecs
import re

from kg.reading.content import Content

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEADLINE = 160  # characters


def read(data: bytes) -> Content:
    """Read plain text; the first line is the title if it stands alone like one."""
    text, notes = decoded(data)
    first, _, rest = text.lstrip("\n").partition("\n")
    is_title = (
        0 < len(first.strip()) <= _HEADLINE
        and rest.startswith("\n")
        and not first.rstrip().endswith(".")
    )
    return Content(text, title=first.strip() if is_title else None, notes=notes)


def decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text of bytes with line ends as \\n, and a note if it is a guess.

    Tried in turn: a byte order mark, UTF-8, UTF-16 that shows by its zero bytes, and
    Windows-1252, which most other Western texts are in.

    Raises:
        ValueError: The bytes are no text.
    """
    text, notes = _decoded(data)
    controls = sum(c < " " and c not in "\t\n\r\f" for c in text[:10_000])
    if controls * 20 > len(text[:10_000]):
        raise ValueError("not a text")
    return re.sub("\r\n?", "\n", text), notes


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), ()
            except UnicodeDecodeError as error:
                raise ValueError(f"not the {encoding} text it begins as") from error
    head = data[:4000]
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        # Letters of Western languages are every second byte then, zeros the others.
        if len(zeros) > 1 and zeros.count(0) > 0.4 * len(zeros) and len(data) % 2 == 0:
            try:
                return data.decode(encoding), (f"read as {encoding.upper()}",)
            except UnicodeDecodeError:
                break
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), ("not UTF-8; read as Windows-1252",)
    except UnicodeDecodeError as error:
        raise ValueError("not a text in any encoding that is known") from error
