"""SPARQL as a row of tokens, each with its place in the query."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from kg.errors import UsageError
from kg.table import clean

MAX_CHARACTERS = 65_536

# Beyond the length of any keyword.  The parser tells how far it got, and a keyword that it
# tried counts as far as that keyword is long: in this much space it ends on its own line.
_PADDING = " " * 20
_SHOWN = 90  # characters of a line that an error shows

# What no name holds anywhere.  The grammar names ranges of letters beyond ASCII as well;
# there everything that is no space goes for a letter here: what the engine takes for none
# is an error to it, and the ranges would take a tenth of a second to compile.
_NOT = r"\s\x00-\x1f!-,/;-@\[-\^`{-\x7f"
_ESCAPED = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_IN_STRING = r"\\[tbnrf\"'\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_IN_IRI = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"

_TOKEN = re.compile(
    rf"""
      (?P<space>  \s+ | \#[^\r\n]* )
    | (?P<string> \"\"\"(?:\"{{0,2}}(?:[^"\\]|{_IN_STRING}))*\"\"\"
                | '''(?:'{{0,2}}(?:[^'\\]|{_IN_STRING}))*'''
                | "(?:[^"\\\r\n]|{_IN_STRING})*"
                | '(?:[^'\\\r\n]|{_IN_STRING})*' )
    | (?P<iri>    <(?:[^<>"{{}}|^`\\\x00-\x20]|{_IN_IRI})*> )
    | (?P<blank>  _:[^{_NOT}.:\-](?:[^{_NOT}:]*[^{_NOT}.:])? )
    | (?P<name>   (?:[^{_NOT}.:\-0-9_](?:[^{_NOT}:]{{0,99}}[^{_NOT}.:])?)? :
                  (?:(?:[^{_NOT}.\-]|{_ESCAPED})
                     (?:(?:[^{_NOT}]|{_ESCAPED})*(?:[^{_NOT}.]|{_ESCAPED}))?)? )
    | (?P<variable> [?$][^{_NOT}.:\-]+ )
    | (?P<tag>    @[A-Za-z]+(?:-+[A-Za-z0-9]+)* )
    | (?P<number> [+-]?(?:(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)[eE][+-]?[0-9]++
                  |[0-9]*+\.[0-9]++|[0-9]++) )
    | (?P<word>   [A-Za-z][A-Za-z0-9_]* )
    | (?P<mark>   <<\( | \)>> | << | >> | {{\| | \|}} | \^\^ | && | \|\| | [!<>]= | \S )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, name, variable, string … of a query.

    Attributes:
        kind: The name of its group in the pattern.
        text: As it stands in the query.
        start: Where it stands there.
    """

    kind: str
    text: str
    start: int

    def is_word(self, *words: str) -> bool:
        """Tell whether it is one of these keywords, in whatever case."""
        return self.kind == "word" and self.text.lower() in words


def tokens(text: str) -> tuple[Token, ...]:
    """Split a query into tokens; space and comments are none.

    Raises:
        UsageError: The query is too long, a string has no end, or an IRI could be read as
            something else.
    """
    if len(text) > MAX_CHARACTERS:
        raise UsageError(f"the query is longer than {MAX_CHARACTERS:,} characters")
    found = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind == "space":
            continue
        token = Token(kind, match[0], match.start())
        if token.kind == "mark" and token.text in "'\"":
            raise wrong(text, token, "this string has no end")
        if token.kind == "iri" and "'''" in token.text:
            raise wrong(text, token, "this is no IRI")
        found.append(token)
    return tuple(found)


def lines(found: tuple[Token, ...]) -> list[tuple[Token, ...]]:
    """Divide a query for the engine, which reads each part on a line of its own.

    That is for two reasons.  The engine's parser has no tokens: it takes ``?a<?b#>`` for
    a comparison and a comment, or for an IRI, as it likes; on a line by itself a token
    cannot change what the next one is.  And the line of an error tells the token.  Only
    the bracket of a function stays with its name: ``CONCAT (`` is an error to the engine.
    """
    parts: list[tuple[Token, ...]] = []
    for token in found:
        if token.text == "(" and parts and parts[-1][-1].kind == "word":
            parts[-1] = (*parts[-1], token)
        else:
            parts.append((token,))
    return parts


def for_the_engine(found: tuple[Token, ...]) -> str:
    """Return the text that the engine reads."""
    return "".join(
        "".join(map(_on_one_line, line)) + _PADDING + "\n" for line in lines(found)
    )


def _on_one_line(token: Token) -> str:
    if token.kind != "string":
        return token.text
    return token.text.replace("\r", "\\r").replace("\n", "\\n")


def wrong(
    text: str, token: Token | None, reason: str, *, what: str = "the query is wrong"
) -> UsageError:
    """Return an error that shows the line of a query with a mark under a token.

    Args:
        text: The query.
        token: The token, or None for the end of the query.
        reason: What is the matter with it.
        what: The beginning of the message.
    """
    start = len(text.rstrip()) if token is None else token.start
    before = re.split(r"\r\n|\r|\n", text[:start])
    line = before[-1] + re.split(r"[\r\n]", text[start:])[0]
    length = 1 if token is None else len(re.split(r"[\r\n]", token.text)[0])
    column = len(before[-1])
    cut = max(0, column - _SHOWN // 2) if len(line) > _SHOWN else 0
    shown = clean(line[cut : cut + _SHOWN])
    marked = shown[column - cut : column - cut + length]
    place = f"line {len(before)}, column {column + 1}"
    error = UsageError(clean(f"{what} at {place}: {reason}"))
    error.detail = f"  {shown}\n  {' ' * _cells(shown[: column - cut])}{'^' * max(1, _cells(marked))}"
    return error


def _cells(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in {"W", "F"} for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)
