"""PDF files, page by page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kg.reading.content import Content, headline
from kg.reading.metadata import iso_date

MAX_PAGES = 2000
_FEW = 100  # characters; a scan may bear a stamp or a page number as text
# NFKC for these only: it would turn "m²" into "m2" and "½" into "1⁄2".
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
)
# pdfium marks a word that is split at the end of a line with U+FFFE or U+0002.
_SPLIT = re.compile("(\\w+)(?:[\ufffe\x02\u00ad]\n?|(?<=[^\\W\\d_])-\n)(\\w+)")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*$|:$")
_HANGING = re.compile(
    r"[,;(–—-]$|\b(?:a|an|and|as|at|between|but|by|for|from|in|into|its?|nor|of|on|or|"
    r"over|than|that|the|their|this|to|under|which|who|with)$",
    re.IGNORECASE,
)
_NEW_BLOCK = re.compile(
    r"[•▪‣◦●■–—*]\s|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]\s|[A-Z]{3,}(?: [A-Z]{3,})*, \d"
)
_NO_TITLE = re.compile(
    r"untitled|microsoft word|\.(?:docx?|indd|pdf|odt|rtf|qxd|tex|pptx?)$",
    re.IGNORECASE,
)
_CREATED = re.compile(r"D:(\d{4})(\d\d)(\d\d)")


def read(data: bytes) -> Content:
    """Read the text of a PDF; lines are joined to paragraphs, split words mended.

    Raises:
        ValueError: The file is damaged, encrypted, too long, or has no text.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "assword" in str(error) or "security" in str(error):
            raise ValueError("the PDF is encrypted") from error
        raise ValueError(f"the PDF is damaged: {_reason(error)}") from error
    try:
        if len(document) > MAX_PAGES:
            raise ValueError(f"the PDF has more than {MAX_PAGES:,} pages")
        pages, notes = _pages(document)
        title = document.get_metadata_value("Title").strip("\0 ")
        created = _CREATED.match(document.get_metadata_value("CreationDate"))
    except pypdfium2.PdfiumError as error:
        raise ValueError(f"the PDF is damaged: {_reason(error)}") from error
    finally:
        document.close()
    text = _running_text(pages)
    if not text:
        raise ValueError("no text found in the PDF; is it a scan?")
    if not any(map(str.isalpha, title)) or _NO_TITLE.search(title):
        title = ""
    return Content(
        text + "\n",
        title=title or headline(text),
        date=iso_date("-".join(created.groups())) if created else None,
        notes=notes,
    )


def _reason(error: Exception) -> str:
    """Return what pdfium says is wrong, which it puts in brackets."""
    inner = re.search(r"PDFium: (.+?)\)?\.?$", str(error))
    return (inner[1] if inner else str(error)).lower().rstrip(". ")


def _pages(document: Any) -> tuple[list[str], tuple[str, ...]]:
    """Return the text of each page, and a note on those that cannot be read."""
    import pypdfium2

    pages = []
    damaged = []
    empty = 0
    for number in range(len(document)):
        try:
            page = document[number]
            text = page.get_textpage().get_text_bounded()
        except pypdfium2.PdfiumError:
            damaged.append(str(number + 1))
            continue
        empty += not text.strip() or (len(text) < _FEW and _is_scan(page))
        pages.append(text)
    if not pages:
        raise ValueError("the PDF is damaged: no page can be read")
    notes = []
    if damaged:
        notes.append(f"damaged, left out: page {', '.join(damaged)}")
    if empty:
        notes.append(
            f"hardly any text on {empty} of {len(document)} pages; are they scans?"
        )
    return pages, tuple(notes)


def _is_scan(page: Any) -> bool:
    """Tell whether an image covers half of a page."""
    import pypdfium2

    width, height = page.get_size()
    for image in page.get_objects([pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = image.get_bounds()
        if (right - left) * (top - bottom) > width * height / 2:
            return True
    return False


def _running_text(pages: list[str]) -> str:
    cleaned = [
        re.sub("\r\n?", "\n", page).translate(_LIGATURES).replace("\0", "")
        for page in pages
    ]
    words = {
        word.casefold()
        for page in cleaned
        for word in re.findall(r"\w+(?:-\w+)*", page)
    }
    return _joined_pages(_paragraphs(_mended(page, words)) for page in cleaned)


def _mended(page: str, words: set[str]) -> str:
    """Join words that are split between lines.

    A hyphen stays if the document elsewhere writes the word with it and never without,
    or if it follows a capital or a digit ("AI-powered").
    """

    def joined(match: re.Match[str]) -> str:
        left, right = match.groups()
        with_hyphen = f"{left}-{right}"
        is_compound = with_hyphen.casefold() in words
        if (left + right).casefold() in words:
            return str(left + right)
        if is_compound or left.isupper() or not right[0].islower():
            return with_hyphen
        return str(left + right)

    previous = ""
    while previous != page:  # "state-\nof-the-\nart" holds two
        previous, page = page, _SPLIT.sub(joined, page)
    return re.sub("[\ufffe\x02\u00ad]", "", page)


def _paragraphs(page: str) -> str:
    """Join the lines of a page to paragraphs."""
    lines = [" ".join(line.split()) for line in page.strip().split("\n")]
    # A headline across columns is no measure of how long their lines are.
    lengths = sorted(len(line) for line in lines if line)
    usual = lengths[len(lengths) * 3 // 4] if lengths else 0
    joined = lines[0]
    for line, following, after in zip(lines, lines[1:], [*lines[2:], ""], strict=False):
        if following:
            ends = not line or _ends(line, following, after, usual)
            joined += ("\n\n" if ends else " ") + following
    return joined.strip()


def _ends(line: str, following: str, after: str, usual: int) -> bool:
    """Tell whether a paragraph or headline ends with a line.

    A break between two sentences costs nothing, one within a sentence loses its facts:
    hence breaks only where the sentence ends, or the line is as short as headlines are.
    """
    if _NEW_BLOCK.match(following):
        return True
    if following[0].islower():
        return False
    if _SENTENCE_END.search(line):
        would_fit = len(line) + 1 + len(following.split()[0]) <= usual
        return would_fit or _is_heading(following, after, usual)
    if len(line) > 1.2 * usual:
        return True
    return _is_heading(line, following, usual)


def _is_heading(line: str, following: str, usual: int) -> bool:
    if _SENTENCE_END.search(line) or following[:1].islower():
        return False
    share = len(line) / usual
    return share < 0.5 or (share < 0.6 and not _HANGING.search(line))


def _joined_pages(pages: Iterator[str]) -> str:
    """Join pages with a blank line, or a space where a sentence runs on."""
    text = ""
    for page in filter(None, pages):
        runs_on = text and page[0].islower() and not _SENTENCE_END.search(text)
        text += (" " if runs_on else "\n\n" if text else "") + page
    return text
