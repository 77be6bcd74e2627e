"""The text of a page as a browser would show it, however the page is nested."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import NamedTuple

_SILENT = frozenset(
    ("script", "style", "noscript", "template", "svg", "title", "iframe", "textarea")
)
_BLOCKS = frozenset(
    (
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "caption",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tr",
        "ul",
    )
)
_CELLS = frozenset(("td", "th"))
# Elements without an end, or whose end may be left out: they do not nest for sure.
_UNNESTED = frozenset(
    (
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "dt",
        "dd",
        "tr",
        "td",
        "th",
        "thead",
        "tbody",
        "tfoot",
        "option",
        "body",
        "html",
        "head",
        "colgroup",
    )
)


class Visible(NamedTuple):
    """What a page shows: its blocks, a blank line between them, and how deep it nests."""

    text: str
    depth: int


def visible(html: str) -> Visible:
    """Return what a page shows.

    Unlike lxml's parser, which gives up text below some 256 levels, the one used here
    follows any depth.
    """
    page = _Page()
    page.feed(html)
    page.close()
    blocks = (" ".join(block.split()) for block in "".join(page.parts).split("\0"))
    text = "\n\n".join(block.removesuffix(" |") for block in blocks if block != "|")
    return Visible(re.sub(r"\n{3,}", "\n\n", text).strip(), page.deepest)


class _Page(HTMLParser):
    """Gathers text, with a zero character where one block ends and the next begins."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.deepest = 0
        self._depth = 0
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self._silent = 0  # whatever the head left open
        self._silent += tag in _SILENT
        if tag in _BLOCKS:
            self.parts.append("\0")
        if tag not in _UNNESTED:
            self._depth += 1
            self.deepest = max(self.deepest, self._depth)

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))
        if tag in _BLOCKS:
            self.parts.append("\0")
        elif tag in _CELLS:
            self.parts.append(" | ")
        if tag not in _UNNESTED:
            self._depth = max(0, self._depth - 1)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data.replace("\0", ""))
