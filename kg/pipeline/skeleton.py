"""A sentence reduced to its words and numbered places where things are named.

``"France's president, Emmanuel Macron, pledged €40m."`` becomes
``"<0> 's president , <1> , pledged #0 . "``: names, amounts and dates are single symbols,
articles and quotation marks are gone, everything else is lower case.  Patterns over this
string read almost like the phrases they match.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from spacy.tokens import Doc, Span

from kg.known import adjectives, name_key
from kg.pipeline.sentences import prose

_QUOTES = frozenset({'"', "“", "”", "‘", "«", "»", "''", "``", "*"})
_ARTICLES = frozenset({"the", "a", "an"})


@dataclass(frozen=True, slots=True)
class Named:
    """A cluster and the words that stand for it in the sentence."""

    cluster: int
    at: Span


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The reduced sentence.

    Attributes:
        sentence: The sentence it was made from.
        text: Symbols and words, each followed by a space: ``<i>`` is ``groups[i]``,
            ``{i}`` an adjective of the polity ``groups[i]``, ``#i`` amount ``i`` of the
            document and ``@`` a date.
        groups: What is named; several for a list ("France, Italy and Spain").
        offsets: Where in ``text`` each piece starts.
        tokens: The document's token index of each piece.
    """

    sentence: Span
    text: str
    groups: tuple[tuple[Named, ...], ...]
    offsets: tuple[int, ...]
    tokens: tuple[int, ...]

    def token_at(self, offset: int) -> int:
        """Return the token that stands at an offset of ``text``."""
        return self.tokens[max(0, bisect_right(self.offsets, offset) - 1)]


@dataclass(slots=True)
class _Piece:
    text: str
    token: int
    named: tuple[Named, ...] = ()


def skeletons(doc: Doc) -> tuple[Skeleton, ...]:
    """Return the skeleton of each sentence of running text; made once per document."""
    if not doc._.skeletons:
        doc._.skeletons = tuple(_made(doc))
    skeletons: tuple[Skeleton, ...] = doc._.skeletons
    return skeletons


def _made(doc: Doc) -> Iterator[Skeleton]:
    mentions = {
        span.start: Named(number, span)
        for number, cluster in enumerate(doc._.clusters)
        for span in (*cluster.references, *cluster.mentions)
    }
    polities = {
        name_key(name): number
        for number, cluster in enumerate(doc._.clusters)
        for name in cluster.names
    }
    symbols = {span.start: (f"#{i}", span.end) for i, span in _amounts(doc)}
    for span in doc.spans.get("dates", ()):
        symbols.setdefault(span.start, ("@", span.end))
    for sentence in prose(doc):
        pieces = list(_pieces(sentence, mentions, symbols, polities))
        yield _assembled(sentence, _coordinated(doc, pieces))


def _amounts(doc: Doc) -> Iterator[tuple[int, Span]]:
    yield from enumerate(doc.spans.get("amounts", ()))


def _pieces(
    sentence: Span,
    mentions: dict[int, Named],
    symbols: dict[int, tuple[str, int]],
    polities: dict[str, int],
) -> Iterator[_Piece]:
    doc = sentence.doc
    i = sentence.start
    last: int | None = None
    while i < sentence.end:
        token = doc[i]
        if i in mentions:
            named = mentions[i]
            if _repeats_in_brackets(doc, named.at) and last == named.cluster:
                i = named.at.end + 1
                continue
            last = named.cluster
            is_adjective = token.lower_ in adjectives() and len(named.at) == 1
            yield _Piece("{}" if is_adjective else "<>", i, (named,))
            i = named.at.end
        elif i in symbols:
            symbol, end = symbols[i]
            yield _Piece(symbol, i)
            i = end
        elif (polity := adjectives().get(token.lower_)) and not token.is_lower:
            cluster = polities.get(name_key(polity))
            if cluster is None:
                yield _Piece(token.lower_, i)
            else:
                yield _Piece("{}", i, (Named(cluster, doc[i : i + 1]),))
            i += 1
        else:
            opens_repeat = (
                token.text == "("
                and i + 1 in mentions
                and last == mentions[i + 1].cluster
                and _repeats_in_brackets(doc, mentions[i + 1].at)
            )
            if not (
                token.is_space
                or token.text in _QUOTES
                or token.lower_ in _ARTICLES
                or opens_repeat
            ):
                yield _Piece(token.lower_.replace("’", "'"), i)
            i += 1


def _repeats_in_brackets(doc: Doc, span: Span) -> bool:
    """Tell whether a name stands alone in brackets, as an acronym does."""
    return (
        span.start > 0
        and doc[span.start - 1].text == "("
        and span.end < len(doc)
        and doc[span.end].text == ")"
    )


def _coordinated(doc: Doc, pieces: list[_Piece]) -> list[_Piece]:
    """Merge "A, B and C" to one piece where all are of one class."""
    merged: list[_Piece] = []
    i = 0
    while i < len(pieces):
        end, named = i, pieces[i].named
        if pieces[i].text == "<>":
            end, named = _list_from(doc, pieces, i)
        merged.append(_Piece(pieces[i].text, pieces[i].token, named))
        i = end + 1
    return merged


def _list_from(
    doc: Doc, pieces: list[_Piece], start: int
) -> tuple[int, tuple[Named, ...]]:
    """Return where a list that starts at a piece ends, and all that it names."""
    type_ = doc._.clusters[pieces[start].named[0].cluster].type
    named = list(pieces[start].named)
    at = start
    end, complete = start, tuple(named)
    while at + 2 < len(pieces):
        following = at + 1
        closes = pieces[following].text in {"and", "or", "&"}
        if not closes and pieces[following].text != ",":
            break
        following += 1
        if pieces[following].text in {"and", "or"} and following + 1 < len(pieces):
            closes = True
            following += 1
        piece = pieces[following]
        if piece.text != "<>" or doc._.clusters[piece.named[0].cluster].type != type_:
            break
        named += piece.named
        at = following
        if closes:
            end, complete = at, tuple(named)
    return end, complete


def _assembled(sentence: Span, pieces: list[_Piece]) -> Skeleton:
    parts: list[str] = []
    offsets: list[int] = []
    groups: list[tuple[Named, ...]] = []
    length = 0
    for piece in pieces:
        text = piece.text
        if piece.named:
            text = f"{text[0]}{len(groups)}{text[1]}"
            groups.append(piece.named)
        offsets.append(length)
        parts.append(text + " ")
        length += len(text) + 1
    return Skeleton(
        sentence,
        "".join(parts),
        tuple(groups),
        tuple(offsets),
        tuple(piece.token for piece in pieces),
    )
