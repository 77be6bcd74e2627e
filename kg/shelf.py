"""The shelf: texts and annotations of all documents, so that nothing is done twice.

The graph says what documents say; the shelf holds what it was made from: each text with
its offsets, and each annotation, from which the graph is stated again when documents
elsewhere change who is meant.  It is one SQLite file beside the store, and holds the
full-text index of what the graph tells as well.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kg import ledger, search_index
from kg.as_json import packed, unpacked
from kg.corrections import Fact
from kg.errors import StoreError
from kg.ledger import Ledger
from kg.model import Annotation, Document, DocumentGraph

FILE = "documents.db"
_VERSION = 3  # 1 had no full-text index, 2 no ledger of names
_INDEXED = 2
_DAMAGE = ("malformed", "not a database")  # in the messages of SQLite
_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    location TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    document TEXT NOT NULL,
    annotation TEXT NOT NULL,
    stated TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pending (document TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_SELECT = "SELECT location, document, annotation, stated FROM documents"


@dataclass(frozen=True, slots=True)
class Shelved:
    """A document on the shelf.

    Attributes:
        location: The file it came from, absolute, or ``-`` and its digest.
        document: What was read.
        annotation: What was found in it.
        stated: Digest of the quads that the store holds for it; empty when none.
    """

    location: str
    document: Document
    annotation: Annotation
    stated: str


class Shelf:
    """The documents of one output folder, each put or removed in one transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    @classmethod
    def open(cls, output: Path, *, writable: bool = False) -> Shelf:
        """Open the shelf of an output folder.

        Raises:
            StoreError: There is none, or it is damaged, locked or of another version.
        """
        path = output / FILE
        if not writable and not path.exists():
            raise StoreError(f"no graph in {output}: run `kg build` first")
        try:
            if writable:
                output.mkdir(parents=True, exist_ok=True)
                database = sqlite3.connect(path, isolation_level=None)
                database.execute("PRAGMA journal_mode = WAL")
                # What a power cut takes of the last changes is done again; waiting for
                # the disk after each document would take longer than all else.
                database.execute("PRAGMA synchronous = NORMAL")
                database.executescript(_SCHEMA + search_index.SCHEMA + ledger.SCHEMA)
                if _version(database) < _VERSION:
                    # All is stated once more, and indexed with that.
                    cls(database).forget_all_stated()
                    cls(database).forget_who()
                    database.execute(f"PRAGMA user_version = {_VERSION}")
            else:
                database = _reading(path.resolve().as_uri() + "?mode=ro")
        except (sqlite3.Error, OSError) as error:
            if any(sign in str(error) for sign in _DAMAGE):
                raise StoreError(f"{path} is damaged: {mending(path)}") from error
            raise StoreError(f"cannot open {path}: {error}") from error
        return cls(database)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def is_current(self, location: str, fingerprint: str, pipeline: str) -> bool:
        """Tell whether a file is on the shelf as it is now, by the present pipeline."""
        row = self._database.execute(
            "SELECT fingerprint, pipeline FROM documents WHERE location = ?",
            (location,),
        ).fetchone()
        return bool(row == (fingerprint, pipeline))

    def holder_of(self, id_: str) -> str | None:
        """Return the location of the document with an id, if there is one."""
        row = self._database.execute(
            "SELECT location FROM documents WHERE id = ?", (id_,)
        ).fetchone()
        return row[0] if row else None

    def put(
        self,
        location: str,
        fingerprint: str,
        pipeline: str,
        document: Document,
        annotation: Annotation,
    ) -> None:
        """Put a document on the shelf in place of what its file held before."""
        with self.transaction():
            self._take_out("location = ? OR id = ?", location, document.id)
            self._database.execute(
                "INSERT INTO documents"
                " (location, id, fingerprint, pipeline, document, annotation)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    *(location, document.id, fingerprint, pipeline),
                    *packed(document, annotation),
                ),
            )
            self._database.execute(
                "INSERT OR IGNORE INTO pending VALUES (?)", (document.id,)
            )

    def remove(self, id_: str) -> None:
        """Take a document off the shelf."""
        with self.transaction():
            self._take_out("id = ?", id_)

    def _take_out(self, where: str, *values: str) -> None:
        self._database.execute(
            f"INSERT OR IGNORE INTO pending SELECT id FROM documents WHERE {where}",  # noqa: S608 - words of our own
            values,
        )
        self._database.execute(f"DELETE FROM documents WHERE {where}", values)  # noqa: S608 - words of our own

    def mark_stated(
        self, written: Iterable[tuple[DocumentGraph, str, Iterable[Fact]]]
    ) -> None:
        """Note what the store holds, and index it.

        Args:
            written: What documents say, with the digests of their quads and what they say
                that people decided about.
        """
        with self.transaction():
            for graph, digest, met in written:
                self.ledger.mark_stated(graph.document.id, met)
                self._database.execute(
                    "UPDATE documents SET stated = ? WHERE id = ?",
                    (digest, graph.document.id),
                )
                search_index.put(self._database, graph)

    def forget_stated(self, id_: str) -> None:
        """Note that the store may hold other quads for a document."""
        self._database.execute("UPDATE documents SET stated = '' WHERE id = ?", (id_,))
        self.ledger.mark_stale([id_])

    def forget_all_stated(self) -> None:
        """Note that the store may hold nothing of what the documents state."""
        with self.transaction():
            self._database.execute("UPDATE documents SET stated = ''")
            self.ledger.mark_stale(self.ids())

    def forget_who(self) -> None:
        """Note that who is meant is to be worked out anew from all documents."""
        self.ledger.clear()
        self._database.execute("INSERT OR IGNORE INTO pending SELECT id FROM documents")

    @cached_property
    def ledger(self) -> Ledger:
        """Who is named where, for the documents that are not pending."""
        return Ledger(self._database)

    def pending(self) -> list[str]:
        """Return the ids of documents that were put or removed and wait for the ledger."""
        rows = self._database.execute("SELECT document FROM pending ORDER BY document")
        return [id_ for (id_,) in rows]

    def forget_pending(self, id_: str) -> None:
        """Note that the ledger knows how a document is now."""
        self._database.execute("DELETE FROM pending WHERE document = ?", (id_,))

    def drop_from_index(self, id_: str) -> None:
        """Take a document whose graph is gone out of the full-text index."""
        with self.transaction():
            search_index.drop(self._database, id_)

    def indexed(self) -> list[str]:
        """Return the ids of the documents in the full-text index."""
        rows = self._database.execute("SELECT document FROM search_documents")
        return [id_ for (id_,) in rows]

    @property
    def index(self) -> sqlite3.Connection:
        """The database itself, to be searched.

        Raises:
            StoreError: The shelf is of an older version, which has no index.
        """
        if _version(self._database) < _INDEXED:
            raise StoreError("this graph has no search index: run `kg build` again")
        return self._database

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all within or nothing of it; a transaction within another is part of it."""
        if self._database.in_transaction:
            yield
            return
        self._database.execute("BEGIN")
        with self._database:
            yield

    def ids(self) -> list[str]:
        """Return the ids of all documents, sorted."""
        rows = self._database.execute("SELECT id FROM documents ORDER BY id")
        return [id_ for (id_,) in rows]

    def knows(self, location: str) -> bool:
        """Tell whether a file's document is on the shelf."""
        row = self._database.execute(
            "SELECT 1 FROM documents WHERE location = ?", (location,)
        ).fetchone()
        return row is not None

    def paths(self) -> dict[str, list[str]]:
        """Return the ids of the documents that go by each path."""
        found: dict[str, list[str]] = {}
        rows = self._database.execute(
            "SELECT json_extract(document, '$.path'), id FROM documents ORDER BY id"
        )
        for path, id_ in rows:
            found.setdefault(path, []).append(id_)
        return found

    def locations(self) -> dict[str, str]:
        """Return the location of each document by its id."""
        rows = self._database.execute("SELECT id, location FROM documents ORDER BY id")
        return dict(rows.fetchall())

    def __iter__(self) -> Iterator[Shelved]:
        """Yield all documents in the order of their ids."""
        yield from map(_shelved, self._database.execute(f"{_SELECT} ORDER BY id"))

    def get(self, id_: str) -> Shelved | None:
        """Return the document with an id, if it is there."""
        row = self._database.execute(f"{_SELECT} WHERE id = ?", (id_,)).fetchone()
        return _shelved(row) if row else None

    def setting(self, name: str) -> str | None:
        """Return a setting of this output folder."""
        row = self._database.execute(
            "SELECT value FROM settings WHERE name = ?", (name,)
        ).fetchone()
        return row[0] if row else None

    def set_setting(self, name: str, value: str) -> None:
        """Keep a setting of this output folder."""
        self._database.execute(
            "INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value)
        )


def mending(path: Path) -> str:
    """Return what to do about a shelf that is damaged."""
    return (
        f"delete {path} and run `kg build` on all texts again; "
        "what you decided stays in its file"
    )


def _reading(uri: str) -> sqlite3.Connection:
    database = sqlite3.connect(uri, uri=True)
    try:
        _version(database)
    except sqlite3.OperationalError:
        database.close()
        # On a medium that cannot be written SQLite finds no room for its log; nor does
        # anybody else write there.
        database = sqlite3.connect(uri + "&immutable=1", uri=True)
        _version(database)
    return database


def _shelved(row: tuple[str, str, str, str]) -> Shelved:
    location, document, annotation, stated = row
    return Shelved(location, *unpacked(document, annotation), stated)


def _version(database: sqlite3.Connection) -> int:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)
