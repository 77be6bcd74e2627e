"""The full-text index on the shelf: the names and sentences that a document's graph tells.

Every row belongs to one document, and a document's rows go and come together, in the
transaction that marks its graph as stated.  Everything that a hit shows is kept with it,
so that searching reads this one file and never waits for a build.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import TypeAdapter

from kg.model import DocumentGraph, Evidence
from kg.values.amounts import format_amount

SCHEMA = """
CREATE TABLE IF NOT EXISTS search_documents (
    document TEXT PRIMARY KEY, path TEXT NOT NULL, title TEXT, date TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS search_entities (
    document TEXT, entity TEXT, type TEXT NOT NULL, label TEXT NOT NULL,
    mentions INTEGER NOT NULL, PRIMARY KEY (entity, document)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS search_names (
    id INTEGER PRIMARY KEY, document TEXT NOT NULL, entity TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS search_sentences (
    id INTEGER PRIMARY KEY, document TEXT NOT NULL, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, text TEXT NOT NULL, types TEXT NOT NULL, told TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS search_entities_of ON search_entities (document);
CREATE INDEX IF NOT EXISTS search_names_of ON search_names (document);
CREATE INDEX IF NOT EXISTS search_names_for ON search_names (entity);
CREATE INDEX IF NOT EXISTS search_sentences_of ON search_sentences (document);
CREATE VIRTUAL TABLE IF NOT EXISTS search_names_words USING fts5(
    text, content = "search_names", content_rowid = "id",
    tokenize = "unicode61 remove_diacritics 2"
);
CREATE VIRTUAL TABLE IF NOT EXISTS search_sentences_words USING fts5(
    text, content = "search_sentences", content_rowid = "id",
    tokenize = "unicode61 remove_diacritics 2"
);
"""
# All texts of a document at once: one by one, each would be a segment to be merged.
_PUT_WORDS = (
    "INSERT INTO search_names_words (rowid, text)"
    " SELECT id, text FROM search_names WHERE document = ?",
    "INSERT INTO search_sentences_words (rowid, text)"
    " SELECT id, text FROM search_sentences WHERE document = ?",
)
# The words of a text are found by the text itself, so they go before it.
_DROP = (
    "INSERT INTO search_names_words (search_names_words, rowid, text)"
    " SELECT 'delete', id, text FROM search_names WHERE document = ?",
    "INSERT INTO search_sentences_words (search_sentences_words, rowid, text)"
    " SELECT 'delete', id, text FROM search_sentences WHERE document = ?",
    "DELETE FROM search_names WHERE document = ?",
    "DELETE FROM search_sentences WHERE document = ?",
    "DELETE FROM search_entities WHERE document = ?",
    "DELETE FROM search_documents WHERE document = ?",
)


@dataclass(frozen=True, slots=True)
class Party:
    """An entity that has part in a fact or a sum."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Told:
    """A fact or a sum that a sentence is evidence of.

    Attributes:
        id: Its id in the graph.
        type: Local name of the fact's predicate, or of the kind of sum.
        status: Local name of its status.
        subjects: The subject of a fact; who pays a sum.
        objects: The object of a fact; who receives a sum.
        amount: The sum as people write it, where it is known.
        attributed_to: Who says so, if not the document.
    """

    id: str
    type: str
    status: str
    subjects: tuple[Party, ...]
    objects: tuple[Party, ...]
    amount: str | None
    attributed_to: Party | None


TOLD = TypeAdapter(tuple[Told, ...])


def put(database: sqlite3.Connection, graph: DocumentGraph) -> None:
    """Index what a document's graph tells, in place of what it told before."""
    document = graph.document
    drop(database, document.id)
    database.execute(
        "INSERT INTO search_documents VALUES (?, ?, ?, ?)",
        (document.id, document.path, document.title, document.date),
    )
    database.executemany(
        "INSERT INTO search_entities VALUES (?, ?, ?, ?, ?)",
        (
            (document.id, n.entity.id, n.entity.type, n.entity.label, n.mentions)
            for n in graph.entities
        ),
    )
    database.executemany(
        "INSERT INTO search_names (document, entity, text) VALUES (?, ?, ?)",
        (
            (document.id, named.entity.id, name)
            for named in graph.entities
            for name in dict.fromkeys((named.entity.label, *named.names))
        ),
    )
    database.executemany(
        "INSERT INTO search_sentences"
        ' (document, start, "end", text, types, told) VALUES (?, ?, ?, ?, ?, ?)',
        ((document.id, *sentence) for sentence in _sentences(graph)),
    )
    for statement in _PUT_WORDS:
        database.execute(statement, (document.id,))


def drop(database: sqlite3.Connection, document: str) -> None:
    """Take a document out of the index."""
    for statement in _DROP:
        database.execute(statement, (document,))


def check(database: sqlite3.Connection) -> None:
    """Compare the index with what it was made of; this writes to the database.

    Raises:
        sqlite3.Error: They do not agree.
    """
    for table in ("search_names_words", "search_sentences_words"):
        database.execute(
            f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)"  # noqa: S608 - our own names
        )


def _sentences(graph: DocumentGraph) -> Iterator[tuple[int, int, str, str, str]]:
    """Yield each sentence: its place, text, the classes it is about, and what it tells.

    The classes are words between spaces, so that one of them can be looked for.
    """
    types = {named.entity.id: named.entity.type for named in graph.entities}
    # By id: two places in one sentence may be evidence of the same fact.
    sentences: dict[tuple[int, int, str], dict[str, Told]] = {}
    for evidence, told in _evidence(graph):
        sentence = (evidence.start, evidence.end, evidence.text)
        sentences.setdefault(sentence, {})[told.id] = told
    for sentence, by_id in sentences.items():
        all_told = tuple(by_id.values())
        about = {
            types[party.id]
            for told in all_told
            for party in (*told.subjects, *told.objects)
        }
        yield (
            *sentence,
            f" {' '.join(sorted(about))} ",
            TOLD.dump_json(all_told).decode(),
        )


def _evidence(graph: DocumentGraph) -> Iterator[tuple[Evidence, Told]]:
    parties = {
        named.entity.id: Party(named.entity.id, named.entity.label)
        for named in graph.entities
    }
    for fact in graph.facts:
        told = Told(
            fact.id,
            fact.predicate,
            fact.status,
            (parties[fact.subject],),
            (parties[fact.object],),
            None,
            parties[fact.attributed_to] if fact.attributed_to else None,
        )
        yield from ((evidence, told) for evidence in fact.evidence)
    for event in graph.money:
        amount = None
        if event.amount is not None and event.currency:
            amount = format_amount(event.amount, event.amount_max, event.currency)
        told = Told(
            event.id,
            event.kind,
            event.status,
            tuple(parties[id_] for id_ in event.payer),
            tuple(parties[id_] for id_ in event.recipient),
            amount,
            parties[event.attributed_to] if event.attributed_to else None,
        )
        yield from ((evidence, told) for evidence in event.evidence)
