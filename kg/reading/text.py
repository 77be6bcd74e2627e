"""Plain text, whatever its encoding."""

from __future__ import annotations

import codecs
import re

from kg.reading.content import Content, headline

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Characters of more than one byte as UTF-8 writes them, and halves of surrogate pairs as
# some programs wrongly write them.
_MULTIBYTE = re.compile(
    rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_ALLOWED_CONTROLS = 0.05  # of all characters; files that hold more are no texts
_FEW_CONTROLS = 3  # strays in a short text do not make it a binary file
_TEXT_CODECS = ("utf", "cp", "iso8859", "koi8", "mac", "gb", "big5", "euc", "shift")

Decoded = tuple[str, tuple[str, ...]]
"""A text, and what people should know about how it was decoded."""


def read(data: bytes) -> Content:
    """Read plain text, unchanged but for line ends; a first line alone is its title.

    Raises:
        ValueError: The bytes are no text.
    """
    text, notes = decoded(data)
    return Content(text, title=headline(text), notes=notes)


def decoded(data: bytes, declared: str | None = None) -> Decoded:
    r"""Return the text of bytes with line ends as ``\n``, and notes where it is a guess.

    Tried in turn: a byte order mark; strict UTF-8; UTF-16 that shows by its zero bytes;
    the encoding the file declares; damaged UTF-8; Windows-1252.  A declared encoding
    comes after UTF-8 because pages lie about it, and hardly anything else is UTF-8 by
    chance.

    Args:
        data: The bytes.
        declared: The encoding the file names, if it can.

    Raises:
        ValueError: The bytes are no text.
    """
    text, notes = _decoded(data, declared)
    controls = len(_CONTROLS.findall(text))
    if controls > max(_FEW_CONTROLS, _ALLOWED_CONTROLS * len(text)):
        raise ValueError("not a text")
    if "\0" in text:
        notes = (*notes, "holds zero characters; they are kept")
    return re.sub("\r\n?", "\n", text), notes


def _decoded(data: bytes, declared: str | None) -> Decoded:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            rest = data[len(mark) :]
            if encoding == "utf-8":
                break
            try:
                return rest.decode(encoding), ()
            except UnicodeDecodeError as error:
                name = encoding.rpartition("-")[0].upper()
                raise ValueError(f"damaged {name} text: {error.reason}") from error
    else:
        rest = data
    try:
        text = rest.decode("utf-8")
    except UnicodeDecodeError as error:
        bad = error.start
    else:
        return (_wide(rest) if "\0" in text else None) or (text, ())
    return (
        _wide(rest)
        or _as_declared(rest, declared)
        or _damaged_utf8(rest, bad, is_marked=rest is not data)
        or _windows(rest)
    )


def _wide(data: bytes) -> Decoded | None:
    """Decode UTF-16 without a mark: every second byte of Western text is zero."""
    head = data[:4000]
    for encoding, zeros, others in (
        ("utf-16-le", head[1::2], head[::2]),
        ("utf-16-be", head[::2], head[1::2]),
    ):
        if zeros.count(0) > 0.4 * len(zeros) and others.count(0) < 0.1 * len(others):
            try:
                return data.decode(encoding), (f"no mark; read as {encoding.upper()}",)
            except UnicodeDecodeError:
                return None
    return None


def _as_declared(data: bytes, declared: str | None) -> Decoded | None:
    try:
        name = codecs.lookup(declared or "").name
        if name in {"iso8859-1", "ascii"}:
            name = "cp1252"  # as browsers do: pages that say Latin-1 mean it
        if not name.startswith(_TEXT_CODECS):
            return None
        return data.decode(name), ()
    except (LookupError, ValueError):
        return None


def _damaged_utf8(data: bytes, bad: int, *, is_marked: bool) -> Decoded | None:
    """Decode UTF-8 with a few bad bytes, which Windows-1252 would garble as a whole."""
    text = data.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    if not is_marked and len(_MULTIBYTE.findall(data)) <= lost // 3:
        return None
    return text, (
        f"damaged UTF-8, first at byte {bad + 1:,}; "
        f"{lost:,} characters are shown as \ufffd",
    )


def _windows(data: bytes) -> Decoded:
    try:
        return data.decode("cp1252"), ("not UTF-8; read as Windows-1252",)
    except UnicodeDecodeError as error:
        raise ValueError("not a text in a known encoding; save it as UTF-8") from error
