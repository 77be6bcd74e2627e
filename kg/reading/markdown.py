"""Markdown as the prose it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kg.reading.content import Content
from kg.reading.metadata import iso_date, web_address
from kg.reading.text import decoded
from kg.reading.visible import visible

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT = re.compile(
    r"\A---[ \t]*\n((?:[ \t]*\n|[ \t#-].*\n|[\w.-]+[ \t]*:.*\n)*)(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
)
_FIELD = re.compile(r"^(title|date|publisher|url)[ \t]*:[ \t]+(\S.*?)[ \t]*$", re.M)
_SILENT_TAG = re.compile(r"<(/?)(?:script|style)\b", re.IGNORECASE)
MAX_NESTING = 100  # of quotes and lists; the parser calls itself for each
_LEAST_SHARE = 0.1
_LONG = 500  # characters


def read(data: bytes) -> Content:
    """Read Markdown: mark-up and code go, headings and table rows become lines.

    Title, date, publisher and url are taken from front matter.
    """
    from markdown_it import MarkdownIt

    text, notes = decoded(data)
    front = _FRONT.match(text)
    fields = _fields(front[1]) if front else {}
    body = text[front.end() :] if front else text
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING})
    tokens = parser.enable(["table", "strikethrough"]).parse(body)
    lines = body.split("\n")
    if any(_is_unclosed(token, lines) for token in tokens):
        notes = (*notes, "a block of code is never closed; it is read as text")
    blocks = [block.strip() for block in _blocks(tokens, lines)]
    prose = "\n\n".join(filter(None, blocks))
    source = len(body) - sum(len(t.content) for t in tokens if t.type == "fence")
    if source > _LONG and len(prose) < _LEAST_SHARE * source:
        notes = (*notes, "hardly any of it reads as Markdown; it is read as plain text")
        prose = body.strip("\n")
    if "date" in fields and iso_date(fields["date"]) is None:
        notes = (
            *notes,
            f"date {fields['date']!r} is left out: write it like 2024-03-06",
        )
    if "url" in fields and web_address(fields["url"]) is None:
        notes = (*notes, "url is left out: it is no http address")
    headings = (_inline(tokens[i + 1]) for i, t in enumerate(tokens) if t.tag == "h1")
    return Content(
        prose + "\n",
        title=fields.get("title") or next(headings, None),
        date=fields.get("date"),
        publisher=fields.get("publisher"),
        url=fields.get("url"),
        notes=notes,
    )


def _fields(front: str) -> dict[str, str]:
    """Return the plain "name: value" lines: front matter is data, not YAML to run."""
    fields = {}
    for name, value in _FIELD.findall(front):
        quoted = re.match(r"(['\"])(.*)\1\s*(?:#.*)?$", value)
        if quoted:
            fields[name] = quoted[2]
        elif value[0] not in "'\"[]{}&*!|>%@`#":  # lists, tags, references, blocks
            fields[name] = re.sub(r"\s+#.*", "", value)
    return fields


def _is_unclosed(token: Token, lines: Sequence[str]) -> bool:
    if token.type != "fence" or token.map is None:
        return False
    first, end = token.map
    closing = lines[end - 1].lstrip(" \t>").rstrip()
    return end - first < 2 or not closing or closing.strip(token.markup[0]) != ""


def _blocks(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[str]:
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
        elif token.type == "html_block":
            yield visible(token.content).text
        elif token.type == "code_block" or _is_unclosed(token, lines):
            # Indented paragraphs are more often quotations than programs in prose.
            for paragraph in re.split(r"\n\s*\n", token.content):
                yield " ".join(paragraph.split())


def _inline(token: Token) -> str:
    parts = []
    silent = False
    for child in token.children or ():
        if child.type == "html_inline" and (tag := _SILENT_TAG.match(child.content)):
            silent = not tag[1]
        elif silent:
            continue
        elif child.type in {"text", "code_inline"}:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
    return " ".join("".join(parts).split())
