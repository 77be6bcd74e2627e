"""Markdown as the prose it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kg.reading.content import Content
from kg.reading.text import decoded

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_FIELD = re.compile(r"^(title|date|publisher|url):\s*(.+?)\s*$", re.MULTILINE)


def read(data: bytes) -> Content:
    """Read Markdown: mark-up and code go, headings and table rows become lines."""
    from markdown_it import MarkdownIt

    text, notes = decoded(data)
    front = _FRONT.match(text)
    # Only plain "name: value" lines are taken: front matter is data, not YAML to run.
    fields = {n: v.strip("\"'") for n, v in _FIELD.findall(front[1])} if front else {}
    body = text[front.end() :] if front else text
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    prose = "\n\n".join(filter(None, map(str.strip, _blocks(tokens))))
    headings = [_inline(tokens[i + 1]) for i, t in enumerate(tokens) if t.tag == "h1"]
    return Content(
        prose + "\n",
        title=fields.get("title") or next(iter(headings), None),
        date=fields.get("date"),
        publisher=fields.get("publisher"),
        url=fields.get("url"),
        notes=notes,
    )


def _blocks(tokens: Iterable[Token]) -> Iterable[str]:
    row: list[str] | None = None
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            yield " | ".join(row)
            row = None
        elif token.type == "inline":
            if row is None:
                yield _inline(token)
            else:
                row.append(_inline(token))


def _inline(token: Token) -> str:
    parts = []
    for child in token.children or ():
        if child.type in {"text", "code_inline"}:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
    return "".join(parts)
