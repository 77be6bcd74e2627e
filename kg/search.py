"""Find names and sentences by words: what ``kg search`` and the web site ask."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kg.errors import StoreError
from kg.model import Span
from kg.ontology import load_ontology
from kg.search_index import TOLD, Told
from kg.shelf import Shelf

LIMIT = 10
MAX_WORDS = 50
"""More words than anybody types; an endless text would keep the index busy for long."""

# A phrase in quotes, or a word; a quote that is never closed is no quote.
_PIECE = re.compile(r'["“”„]([^"“”„]*)["“”]|([^\s"“”„]+)')

# What marks the hits in a sentence: noncharacters, which no text may hold.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"

# The words weigh by how rare they are and names by how short; of several entities with
# an equally good name that one comes first that is called so, then the most mentioned.
_NAMES = """
WITH found AS MATERIALIZED (
    SELECT rowid AS id, bm25(search_names_words) AS score
    FROM search_names_words WHERE search_names_words MATCH :query
), ranked AS (
    SELECT entity, score, text = label AS titled,
        row_number() OVER (PARTITION BY entity ORDER BY score, text <> label) AS place
    FROM found JOIN search_names USING (id)
    JOIN search_entities USING (entity, document)
    WHERE :type IS NULL OR type = :type
)
SELECT entity, (SELECT sum(mentions) FROM search_entities AS every
    WHERE every.entity = ranked.entity) AS mentions
FROM ranked WHERE place = 1
ORDER BY score, titled DESC, mentions DESC, entity LIMIT :limit
"""
_ENTITY = """
SELECT type, label, (SELECT count(*) FROM search_entities WHERE entity = :id)
FROM search_entities WHERE entity = :id ORDER BY document LIMIT 1
"""
_OTHER_NAMES = """
SELECT DISTINCT text FROM search_names WHERE entity = :id AND text <> :label
ORDER BY text
"""
_SENTENCES = """
SELECT sentences.text, highlight(search_sentences_words, 0, :open, :close),
    document, path, title, date, start, "end", told
FROM search_sentences_words AS words
JOIN search_sentences AS sentences ON sentences.id = words.rowid
JOIN search_documents USING (document)
WHERE search_sentences_words MATCH :query
    AND (:type IS NULL OR instr(types, ' ' || :type || ' '))
ORDER BY bm25(search_sentences_words), document, start LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class NameHit:
    """An entity that has a name with the words.

    Attributes:
        id: Its id, such as ``person/emmanuel-macron``.
        type: Local name of its class.
        label: The name it is shown by.
        names: Its other names, sorted.
        mentions: How often all documents name it.
        documents: How many documents name it.
    """

    id: str
    type: str
    label: str
    names: tuple[str, ...]
    mentions: int
    documents: int


@dataclass(frozen=True, slots=True)
class SentenceHit:
    """A sentence with the words that is evidence of something.

    Attributes:
        text: The exact sentence.
        hits: Where in ``text`` the words stand.
        document: The id of its document.
        path: The document's file, as people know it.
        title: The document's title, if it has one.
        date: The document's date, if it has one.
        start: Offset of the sentence's first character in the document.
        end: Offset after its last character.
        told: The facts and sums that it is evidence of.
    """

    text: str
    hits: tuple[Span, ...]
    document: str
    path: str
    title: str | None
    date: str | None
    start: int
    end: int
    told: tuple[Told, ...]


Hit = NameHit | SentenceHit


def search(
    output: Path, words: str, *, type_: str | None = None, limit: int = LIMIT
) -> list[Hit]:
    """Find the names and sentences that hold all words, whatever their case and accents.

    Words between double quotes are a phrase; the last word may be the beginning of one.
    Nothing else in ``words`` has a meaning: what is no letter or digit is passed over,
    and so is what follows the fiftieth word.

    Args:
        output: The folder of the graph; a build may be running there.
        words: What is looked for, as people type it.
        type_: Local name of a class: only its names, and only sentences that are evidence
            of something about a thing of that class.
        limit: How many names, and how many sentences, to return at most.

    Returns:
        The names, then the sentences, the best of each first.

    Raises:
        UsageError: There is no such class.
        StoreError: There is no graph, it has no index yet, or it cannot be read.
    """
    if type_ is not None:
        type_ = load_ontology().class_called(type_)
    query = _match_expression(words)
    with closing(Shelf.open(output)) as shelf:
        if query is None:
            return []
        asked = {"query": query, "type": type_, "limit": limit}
        try:
            database = shelf.index
            database.execute("BEGIN")  # all that is read is of one moment
            return [*_names(database, asked), *_sentences(database, asked)]
        except sqlite3.Error as error:
            raise StoreError(f"cannot search {output}: {error}") from error


def _match_expression(words: str) -> str | None:
    """Return what a person typed in the language of the index; None if it holds no word.

    Each word is put in quotes there, so that none can be taken for an operator.
    """
    # The index is asked in UTF-8 that ends at the first NUL.
    typed = words.encode("utf-8", "replace").decode().replace("\0", " ")
    pieces = [
        (phrase or word, not word)
        for phrase, word in _PIECE.findall(typed)
        if any(map(str.isalnum, phrase or word))
    ][:MAX_WORDS]
    if not pieces:
        return None
    groups = [_spellings(piece, whole=whole) for piece, whole in pieces]
    last, whole = pieces[-1]
    if not whole:
        # The word itself as well, so that "EU" is a better hit for it than "Europe".
        groups[-1].append(f'"{last}" *')
    expression = " AND ".join(f"({' OR '.join(group)})" for group in groups)
    if len(pieces) > 1:
        # What has the words side by side is a better hit.
        together = " ".join(piece for piece, _ in pieces)
        expression = f'({expression}) OR "{together}"' + ("" if whole else " *")
    return expression


def _spellings(piece: str, *, whole: bool) -> list[str]:
    """Return how a word may be written: "US" also as "U.S." and the other way round."""
    letters = piece.replace(".", "")
    if not whole and 1 < len(letters) < 6 and letters.isalpha() and letters.isupper():
        return [f'"{letters}"', f'"{" ".join(letters)}"']
    return [f'"{piece}"']


def _names(
    database: sqlite3.Connection, asked: dict[str, str | int | None]
) -> Iterator[NameHit]:
    for id_, mentions in database.execute(_NAMES, asked).fetchall():
        type_, label, documents = database.execute(_ENTITY, {"id": id_}).fetchone()
        names = database.execute(_OTHER_NAMES, {"id": id_, "label": label})
        other = tuple(name for (name,) in names)
        yield NameHit(id_, type_, label, other, mentions, documents)


def _sentences(
    database: sqlite3.Connection, asked: dict[str, str | int | None]
) -> Iterator[SentenceHit]:
    marks = {"open": _OPEN, "close": _CLOSE}
    rows = database.execute(_SENTENCES, {**asked, **marks})
    for text, marked, document, path, title, date, start, end, told in rows:
        yield SentenceHit(
            text,
            _spans(marked),
            document,
            path,
            title,
            date,
            start,
            end,
            TOLD.validate_json(told),
        )


def _spans(marked: str) -> tuple[Span, ...]:
    """Return where in a text the hits are that are marked in it."""
    spans = []
    at = 0
    for number, part in enumerate(re.split(f"[{_OPEN}{_CLOSE}]", marked)):
        if number % 2:
            spans.append(Span(at, at + len(part)))
        at += len(part)
    return tuple(spans)
