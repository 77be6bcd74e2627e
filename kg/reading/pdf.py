"""PDF files, page by page."""

from __future__ import annotations

import re

from kg.reading.content import Content

_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
)
MAX_PAGES = 2000


def read(data: bytes) -> Content:
    """Read the text of a PDF; lines are joined to paragraphs, split words mended."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        reason = "is encrypted" if "assword" in str(error) else "is damaged"
        raise ValueError(f"the PDF {reason}") from error
    try:
        if len(document) > MAX_PAGES:
            raise ValueError(f"the PDF has more than {MAX_PAGES:,} pages")
        pages = [page.get_textpage().get_text_bounded() for page in document]
        title = document.get_metadata_value("Title").strip() or None
        created = re.match(
            r"D:(\d{4})(\d\d)(\d\d)", document.get_metadata_value("CreationDate")
        )
    finally:
        document.close()
    text = "\n\n".join(filter(None, map(_paragraphs, pages)))
    if not text.strip():
        raise ValueError("no text in the PDF; is it a scan?")
    return Content(
        text + "\n",
        title=title,
        date="-".join(created.groups()) if created else None,
    )


def _paragraphs(page: str) -> str:
    """Join the lines of a page to paragraphs.

    A line goes on in the next unless it ends a sentence or is short like a headline.
    """
    text = page.replace("\r\n", "\n").replace("\r", "\n").translate(_LIGATURES)
    # pdfium marks a word that is split at the end of a line with U+FFFE or U+0002.
    text = re.sub("[\ufffe\x02\u00ad]\n?", "", text)
    text = re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", text)
    lines = [" ".join(line.split()) for line in text.split("\n")]
    longest = max(map(len, lines), default=0)
    joined = ""
    for line in lines:
        if not line:
            joined = joined.rstrip() + "\n\n"
            continue
        joined += line
        ends = line.endswith((".", "!", "?", ":", "”", '"'))
        short = len(line) < 0.6 * longest
        joined += "\n\n" if short or (ends and len(line) < 0.9 * longest) else " "
    return re.sub(r"\n{2,}", "\n\n", joined).strip()
