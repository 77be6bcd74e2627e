"""Web pages: the article without the page around it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from kg.reading.content import Content
from kg.reading.text import decoded

_CHARSET = re.compile(rb"<meta[^>]+charset=[\"']?([\w-]+)", re.IGNORECASE)
_SILENT = frozenset(("script", "style", "noscript", "template", "svg", "head"))
_BLOCKS = frozenset(
    ("p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "section", "article", "td")
)


def read(data: bytes) -> Content:
    """Read a page's main text, title, date, site and address with trafilatura."""
    import trafilatura
    from trafilatura.settings import use_config

    html, notes = _decoded(data)
    config = use_config()
    # A signal-based time limit would fail outside the main thread; size is capped.
    config.set("DEFAULT", "EXTRACTION_TIMEOUT", "0")
    found = trafilatura.bare_extraction(
        html,
        include_comments=False,
        include_tables=True,
        config=config,
        with_metadata=True,
    )
    if isinstance(found, dict):
        raise TypeError("trafilatura gives a document, not a dictionary")
    visible = _visible(html)
    text = (found.text if found else "") or ""
    # Deep nesting makes the parser drop text without a word.
    if len(text) < 0.1 * len(visible) and len(visible) > 500:
        notes = (
            *notes,
            "the article could not be told from the page; all its text is read",
        )
        text = visible
    title = found.title if found else None
    if title and not text.lstrip().startswith(title):
        text = f"{title}\n\n{text}"
    return Content(
        re.sub(r"\n+", "\n\n", text).strip() + "\n",
        title=title,
        date=found.date if found else None,
        publisher=found.sitename if found else None,
        url=found.url if found else None,
        notes=notes,
    )


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    match = _CHARSET.search(data[:4096])
    try:
        return decoded(data) if match is None else (data.decode("utf-8-sig"), ())
    except UnicodeDecodeError:
        pass
    try:
        encoding = match[1].decode() if match else "cp1252"
        return data.decode(encoding), ()
    except (LookupError, UnicodeDecodeError):
        return decoded(data)


class _Visible(HTMLParser):
    """Gathers the text that a browser would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(" ".join(data.split()) + " ")


def _visible(html: str) -> str:
    parser = _Visible()
    parser.feed(html)
    lines = (line.strip() for line in "".join(parser.parts).splitlines())
    return "\n\n".join(line for line in lines if line)
