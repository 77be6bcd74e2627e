"""Web pages: the article without the page around it."""

from __future__ import annotations

import re

from kg.reading.content import Content
from kg.reading.text import decoded
from kg.reading.visible import visible

_CHARSET = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)|<\?xml[^>]+encoding=[\"']([\w-]+)",
    re.IGNORECASE,
)
MAX_DEPTH = 200  # lxml drops what stands some 256 levels deep, and all that follows
MAX_CHARACTERS = 3_000_000  # trafilatura needs half a minute for 10 MB of one paragraph
_LEAST_SHARE = 0.1
_LONG = 500  # characters


def read(data: bytes) -> Content:
    """Read a page's main text, title, date, site and address with trafilatura.

    Where that finds hardly any of the text that the page shows, all of it is read, and
    a note says so.
    """
    import trafilatura
    from trafilatura.settings import use_config

    match = _CHARSET.search(data[:4096])
    declared = (match[1] or match[2]).decode() if match else None
    html, notes = decoded(data, declared)
    shown, depth = visible(html)
    if depth > MAX_DEPTH or len(html) > MAX_CHARACTERS:
        reason = "nested too deeply" if depth > MAX_DEPTH else "too long"
        return Content(
            shown + "\n",
            notes=(*notes, f"{reason} to find the article; all that it shows is read"),
        )
    config = use_config()
    # Its time limit works by signals, which only the main thread gets; size is capped.
    config.set("DEFAULT", "EXTRACTION_TIMEOUT", "0")
    found = trafilatura.bare_extraction(
        # An XML declaration contradicts text that is decoded already.
        re.sub(r"\A\s*<\?xml[^>]*>", "", html),
        include_comments=False,
        include_tables=True,
        config=config,
        with_metadata=True,
        # The extensive search takes any year on the page for its date.
        date_extraction_params={"original_date": True, "extensive_search": False},
    )
    if isinstance(found, dict):
        raise TypeError("trafilatura gives a document, not a dictionary")
    text = (found.text if found else "") or ""
    little = len(text) < _LEAST_SHARE * len(shown) and len(shown) > _LONG
    if shown and (little or not text.strip()):
        notes = (*notes, "no article found on the page; all that it shows is read")
        text = shown
    title = found.title if found else None
    begin = text[: len(title or "") + 200]
    if title and title not in begin and title in shown:
        text = f"{title}\n\n{text}"
    return Content(
        re.sub(r"\n+", "\n\n", text).strip() + "\n",
        title=title,
        date=found.date if found else None,
        publisher=found.sitename if found else None,
        url=found.url if found else None,
        notes=notes,
    )
