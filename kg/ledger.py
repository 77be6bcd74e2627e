"""Who is named where, kept so that a changed document costs no more than what it names.

Tables beside the documents hold each document's entities (:mod:`kg.named`), the groups
that those of one name form, and which short name stands for which longer one.  When
documents change, the names in them are grouped anew, and then only those short names are
decided again whose answer may be another now.  The answer depends on the set of documents
and never on the order of changes: each decision reads nothing but groups and decisions
that come before it in one fixed order, by the length of the name.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from kg import lexicon
from kg.corrections import Fact
from kg.groups import Group, Key, Reference, id_of, label_of, type_of, winner
from kg.known import stands_alone
from kg.model import Entity
from kg.named import BODY, PERSON, Named
from kg.namesakes import Persons, common, told_apart
from kg.register import Register, load_register
from kg.slug import slug

SCHEMA = """
CREATE TABLE IF NOT EXISTS ledger_members (
    family TEXT, name TEXT, document TEXT, key TEXT, kind TEXT NOT NULL,
    type TEXT NOT NULL, mentions INTEGER NOT NULL, label TEXT NOT NULL,
    names TEXT NOT NULL, entry INTEGER, posts TEXT NOT NULL, ties TEXT NOT NULL,
    owner TEXT NOT NULL, told TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (family, name, document, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_around (
    document TEXT PRIMARY KEY, names TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_groups (
    family TEXT, size INTEGER, name TEXT, told TEXT, slug TEXT NOT NULL,
    text TEXT NOT NULL, longer TEXT, longer_told TEXT,
    PRIMARY KEY (family, size, name, told)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_aliases (
    family TEXT, alias TEXT, size INTEGER, name TEXT, told TEXT,
    PRIMARY KEY (family, alias, size, name, told)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_spelt (
    slug TEXT, family TEXT, name TEXT, told TEXT,
    PRIMARY KEY (slug, family, name, told)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_entities (
    family TEXT, name TEXT, told TEXT, stem TEXT NOT NULL, wanted TEXT NOT NULL,
    id TEXT, type TEXT NOT NULL, label TEXT NOT NULL, entry INTEGER,
    PRIMARY KEY (family, name, told)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_homes (
    family TEXT, name TEXT, told TEXT, document TEXT,
    home_family TEXT NOT NULL, home_name TEXT NOT NULL, home_told TEXT NOT NULL,
    PRIMARY KEY (family, name, told, document)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_corrected (
    family TEXT, name TEXT, told TEXT, PRIMARY KEY (family, name, told)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_dirty (
    family TEXT, name TEXT, PRIMARY KEY (family, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_stale (document TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_met (
    document TEXT, fact TEXT, PRIMARY KEY (document, fact)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_kept (name TEXT PRIMARY KEY, value TEXT NOT NULL)
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ledger_members_of ON ledger_members (document);
CREATE INDEX IF NOT EXISTS ledger_shorter ON ledger_groups (family, longer, longer_told)
    WHERE longer IS NOT NULL;
CREATE INDEX IF NOT EXISTS ledger_slugs ON ledger_groups (slug);
CREATE INDEX IF NOT EXISTS ledger_stems ON ledger_entities (stem, family, name, told);
"""
_TABLES = re.findall(r"TABLE IF NOT EXISTS (\w+)", SCHEMA)
LASTING = tuple(
    f"ledger_{name}"
    for name in ("members", "around", "groups", "aliases", "spelt", "entities", "homes")
)
"""The tables that the documents and what people decided alone give."""

_TEMPORARY = """
CREATE TEMP TABLE IF NOT EXISTS ledger_queue (
    family TEXT, size INTEGER, name TEXT, told TEXT,
    PRIMARY KEY (family, size, name, told)
) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS ledger_touched (
    family TEXT, name TEXT, told TEXT, PRIMARY KEY (family, name, told)
) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS ledger_roots (
    family TEXT, name TEXT, told TEXT, PRIMARY KEY (family, name, told)
) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS ledger_before (
    family TEXT, name TEXT, told TEXT, id TEXT, type TEXT, label TEXT, entry INTEGER,
    PRIMARY KEY (family, name, told)
) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS ledger_changed_stems (stem TEXT PRIMARY KEY)
    WITHOUT ROWID;
"""
_TEMPORARY_TABLES = re.findall(r"TABLE IF NOT EXISTS (\w+)", _TEMPORARY)
_KEY = "family = ? AND name = ? AND told = ?"
_PLACE = "family = ? AND size = ? AND name = ? AND told = ?"
_NUMBERS = re.compile(r"(-\d+)+$")
_text = json.JSONEncoder(ensure_ascii=False).encode
_LAST = 1 << 62  # longer than any name


class Ledger:
    """The tables, in a database that others may use as well.

    Nothing here begins or ends a transaction.

    Args:
        database: Where the tables are.
        register: Well-known actors; the one that comes with the program if left out,
            loaded once it is asked for.
    """

    def __init__(
        self, database: sqlite3.Connection, register: Register | None = None
    ) -> None:
        self._database = database
        self._register = register
        database.executescript(_TEMPORARY)

    # -------------------------------------------------------------- what documents tell

    def put(self, document: str, named: Iterable[Named], around: list[str]) -> None:
        """Take down what a document tells, in place of what it told before."""
        self.drop(document)
        rows = [
            (
                *(entity.family, entity.name, document, entity.key, entity.kind),
                *(entity.type, entity.mentions, entity.label, _text(entity.names)),
                *(entity.entry, _text(entity.posts), _text(entity.ties), entity.owner),
            )
            for entity in named
        ]
        self._many(
            "INSERT INTO ledger_members (family, name, document, key, kind, type, mentions,"
            " label, names, entry, posts, ties, owner) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            rows,
        )
        self._do("INSERT INTO ledger_around VALUES (?, ?)", document, _text(around))
        self._dirty(document)
        self.mark_stale([document])

    def drop(self, document: str) -> None:
        """Forget what a document tells."""
        self._dirty(document)
        for table in ("members", "around", "stale", "met"):
            self._do(f"DELETE FROM ledger_{table} WHERE document = ?", document)

    def clear(self) -> None:
        """Forget everything."""
        for table in _TABLES:
            self._do(f"DELETE FROM {table}")

    def _dirty(self, document: str) -> None:
        self._do(
            "INSERT OR IGNORE INTO ledger_dirty"
            " SELECT family, name FROM ledger_members WHERE document = ?",
            document,
        )

    # ------------------------------------------------------------- documents to be stated

    def mark_stale(self, documents: Iterable[str]) -> None:
        """Note that documents are to be stated again."""
        self._many(
            "INSERT OR IGNORE INTO ledger_stale VALUES (?)", [(d,) for d in documents]
        )

    def stale(self) -> list[str]:
        """Return the documents that are to be stated again, sorted."""
        return [d for (d,) in self._do("SELECT document FROM ledger_stale ORDER BY 1")]

    def mark_stated(self, document: str, met: Iterable[Fact]) -> None:
        """Note that a document was stated, and which decisions it met."""
        for table in ("stale", "met"):
            self._do(f"DELETE FROM ledger_{table} WHERE document = ?", document)
        self._many(
            "INSERT INTO ledger_met VALUES (?, ?)",
            [(document, json.dumps(fact)) for fact in met],
        )

    def met(self) -> set[Fact]:
        """Return the facts and sums that people decided about and documents tell."""
        return {
            tuple(json.loads(fact))
            for (fact,) in self._do("SELECT DISTINCT fact FROM ledger_met")
        }

    # ---------------------------------------------------------------- who is whom now

    @property
    def is_settled(self) -> bool:
        """Whether all that documents tell has been settled."""
        return self._one("SELECT 1 FROM ledger_dirty") is None

    def settle(self, apart: set[frozenset[str]]) -> None:
        """Group the names of changed documents, and decide what short names stand for.

        Args:
            apart: Slugs of two names that people keep apart.
        """
        for table in _TEMPORARY_TABLES:
            self._do(f"DELETE FROM {table}")
        for family, name in self._do("SELECT family, name FROM ledger_dirty"):
            self._group(family, name)
        self._do("DELETE FROM ledger_dirty")
        was_apart = {frozenset(pair) for pair in self.kept("apart")}
        self.keep("apart", sorted(map(sorted, apart)))
        for short in {one for pair in apart ^ was_apart for one in pair}:
            self._do(
                "INSERT OR IGNORE INTO ledger_queue"
                " SELECT family, size, name, told FROM ledger_groups WHERE slug = ?",
                short,
            )
        self._decide(apart)
        # What people decided last time is taken back first, and decided again after.
        self._do("INSERT OR IGNORE INTO ledger_touched SELECT * FROM ledger_corrected")
        self._do("DELETE FROM ledger_corrected")
        for key in self._do("SELECT * FROM ledger_touched"):
            root = self.root(key)
            if root != key:
                self.set_entity(key, None)
            if root is not None:
                self._do("INSERT OR IGNORE INTO ledger_roots VALUES (?, ?, ?)", *root)
        for key in self._do("SELECT * FROM ledger_roots"):
            self.set_entity(key, self.group(key))

    def _group(self, family: str, name: str) -> None:
        """Group the entities of one name, and note what has changed with that."""
        new: dict[str, str] = {
            told: group.text() for told, group in self._grouped(family, name).items()
        }
        size = len(name)
        rows = self._do(
            "SELECT told, text, longer, longer_told FROM ledger_groups"
            " WHERE family = ? AND size = ? AND name = ?",
            family,
            size,
            name,
        )
        old = {told: (text, longer, tell) for told, text, longer, tell in rows}
        for told in old.keys() | new.keys():
            key = (family, name, told)
            text, longer, longer_told = old.get(told, ("", None, None))
            now = new.get(told)
            if text == now:
                continue
            aliases = self._forget_names(key, text) if text else set()
            if now is None:
                self._do(f"DELETE FROM ledger_groups WHERE {_PLACE}", *_place(key))
                if longer is not None:
                    self._touch((family, longer, longer_told))
            else:
                self._do(
                    "INSERT OR REPLACE INTO ledger_groups VALUES (?,?,?,?,?,?,?,?)",
                    *(family, size, name, told, slug(name), now, longer, longer_told),
                )
                aliases |= self._note_names(key, now)
            self._touch(key, aliases)

    def _grouped(self, family: str, name: str) -> dict[str, Group]:
        """Return the groups of one name by what tells them apart; mostly there is one."""
        kinds = self._do(
            "SELECT kind, count(DISTINCT nullif(owner, '')) FROM ledger_members"
            " WHERE family = ? AND name = ? GROUP BY kind",
            family,
            name,
        )
        owners = dict(kinds.fetchall())
        if PERSON in owners:
            return self._persons(family, name)
        groups: dict[str, Group] = {}
        if owners.get(BODY, 0) > 1:
            self._tell_bodies(family, name)
        elif owners:
            self._retell(family, name, "")
        # Summed up by the database: some names stand in most documents.
        rows = self._do(
            "SELECT told, type, label, names, entry, owner, sum(mentions)"
            " FROM ledger_members WHERE family = ? AND name = ?"
            " GROUP BY told, type, label, names, entry, owner",
            family,
            name,
        )
        for told, type_, label, names, entry, owner, mentions in rows:
            groups.setdefault(told, Group()).take_alike(
                Group(
                    Counter({type_: mentions}),
                    Counter({label: mentions}),
                    {*json.loads(names), label},
                    set() if entry is None else {entry},
                    owners={owner} - {""},
                )
            )
        return groups

    def _retell(self, family: str, name: str, told: str) -> None:
        """Let nothing tell apart the entities of a name any more."""
        at = (family, name, told)
        self._do(
            "INSERT OR IGNORE INTO ledger_stale SELECT document FROM ledger_members"
            " WHERE family = ? AND name = ? AND told != ?",
            *at,
        )
        self._do(
            "UPDATE ledger_members SET told = ?3"
            " WHERE family = ?1 AND name = ?2 AND told != ?3",
            *at,
        )

    def _tell_bodies(self, family: str, name: str) -> None:
        """Tell bodies of one name apart by the polity that each belongs to.

        Where a document does not say, it is the one of those polities that it names.
        """
        known = {
            owner
            for (owner,) in self._do(
                "SELECT DISTINCT owner FROM ledger_members"
                " WHERE family = ? AND name = ? AND kind = ? AND owner != ''",
                *(family, name, BODY),
            )
        }
        rows = self._do(
            "SELECT document, key, kind, owner, told, around.names"
            " FROM ledger_members JOIN ledger_around AS around USING (document)"
            " WHERE family = ? AND name = ?",
            family,
            name,
        )
        told_now = []
        for document, key, kind, owner, told, around in rows:
            meant = {owner} if owner else known.intersection(json.loads(around))
            now = meant.pop() if kind == BODY and len(meant) == 1 else ""
            if now != told:
                told_now.append((now, family, name, document, key))
        self._tell(told_now)

    def _tell(self, told: list[tuple[str, str, str, str, str]]) -> None:
        self._many(
            "UPDATE ledger_members SET told = ?"
            " WHERE family = ? AND name = ? AND document = ? AND key = ?",
            told,
        )
        self.mark_stale(document for *_, document, _ in told)

    def _persons(self, family: str, name: str) -> dict[str, Group]:
        persons = Persons(name)
        persons.take(
            self._people(family, name, marked=True),
            self._people(family, name, marked=False),
        )
        groups: dict[str, Group] = {}
        told_of: dict[Group, str] = {}
        for person in persons.found:
            told = told_apart(person) if len(persons.found) > 1 else ""
            told_of[person] = told
            if told in groups:
                groups[told].take_alike(person)
            else:
                groups[told] = person
        if len(persons.found) == 1:
            self._retell(family, name, "")
            return groups
        rows = self._do(
            "SELECT document, key, told FROM ledger_members"
            " WHERE family = ? AND name = ?",
            family,
            name,
        )
        was = {(document, key): told for document, key, told in rows}
        self._tell(
            [
                (told_of[person], family, name, *member)
                for member, person in persons.members()
                if was[member] != told_of[person]
            ]
        )
        return groups

    def _people(self, family: str, name: str, *, marked: bool) -> Iterator[Group]:
        """Yield people of a name document by document: those with a mark, or the others."""
        mark = "posts != '[]' OR entry IS NOT NULL"
        rows = self._do(
            "SELECT document, key, type, mentions, label, member.names, entry, posts,"
            " ties, around.names"
            " FROM ledger_members AS member"
            " JOIN ledger_around AS around USING (document)"
            f" WHERE family = ? AND name = ? AND ({mark}) = ? ORDER BY document, key",
            *(family, name, marked),
        )
        for (
            document,
            key,
            type_,
            mentions,
            label,
            names,
            entry,
            posts,
            ties,
            near,
        ) in rows:
            yield Group(
                Counter({type_: mentions}),
                Counter({label: mentions}),
                {*json.loads(names), label},
                set() if entry is None else {entry},
                Counter(json.loads(posts)),
                set(json.loads(ties)),
                set(json.loads(near)),
                first=(document, key),
            )

    def _names(self, key: Key, text: str) -> tuple[set[str], set[str]]:
        """Return the short names under which a group is looked for, and its spellings."""
        _, name, _ = key
        group = Group.of_text(text)
        aliases = group.aliases - {name}
        if "suffix" in lexicon.words("shortName").get(winner(group.types), ()):
            # A surname or "Commission" stands for the full name even in documents
            # that never say so themselves.
            aliases.add(name.rpartition(" ")[2])
        return aliases, {slug(spelling) for spelling in group.names}

    def _note_names(self, key: Key, text: str) -> set[str]:
        family, name, told = key
        aliases, spellings = self._names(key, text)
        self._many(
            "INSERT OR IGNORE INTO ledger_aliases VALUES (?, ?, ?, ?, ?)",
            [(family, alias, len(name), name, told) for alias in aliases],
        )
        self._many(
            "INSERT OR IGNORE INTO ledger_spelt VALUES (?, ?, ?, ?)",
            [(spelling, *key) for spelling in spellings],
        )
        return aliases

    def _forget_names(self, key: Key, text: str) -> set[str]:
        family, name, told = key
        aliases, spellings = self._names(key, text)
        self._many(
            "DELETE FROM ledger_aliases WHERE family = ? AND alias = ? AND size = ?"
            " AND name = ? AND told = ?",
            [(family, alias, len(name), name, told) for alias in aliases],
        )
        self._many(
            f"DELETE FROM ledger_spelt WHERE slug = ? AND {_KEY}",
            [(spelling, *key) for spelling in spellings],
        )
        return aliases

    def _touch(self, key: Key, aliases: Iterable[str] | None = None) -> None:
        """Note that a group is another now, and queue what depends on that.

        It may stand for another name itself, and short names may stand for it.
        """
        family = key[0]
        self._do("INSERT OR IGNORE INTO ledger_touched VALUES (?, ?, ?)", *key)
        if aliases is None:
            text = self._text_of(key)
            aliases = self._names(key, text)[0] if text else ()
        self._do(
            "INSERT OR IGNORE INTO ledger_queue VALUES (?, ?, ?, ?)",
            *_place(key),
        )
        self._many(
            "INSERT OR IGNORE INTO ledger_queue SELECT family, size, name, told"
            " FROM ledger_groups WHERE family = ? AND size = ? AND name = ?",
            [(family, len(alias), alias) for alias in aliases],
        )

    # ---------------------------------------------------------------------- short names

    def _decide(self, apart: set[frozenset[str]]) -> None:
        """Decide what each queued name is short for, the shortest names first.

        A decision touches only what comes after it, so that one pass is enough.
        """
        at: tuple[str, int, str, str] = ("", 0, "", "")
        while row := self._one(
            "SELECT * FROM ledger_queue WHERE (family, size, name, told) > (?, ?, ?, ?)"
            " ORDER BY family, size, name, told LIMIT 1",
            *at,
        ):
            at = row
            family, size, name, told = row
            key = (family, name, told)
            found = self._one(
                f"SELECT longer, longer_told FROM ledger_groups WHERE {_PLACE}", *row
            )
            if found is None:
                continue
            old = None if found[0] is None else (family, found[0], found[1])
            new = self._longer(key, apart)
            if old == new:
                if new and self._one(
                    f"SELECT 1 FROM ledger_touched WHERE {_KEY}", *key
                ):
                    self._touch(new)
                continue
            self._do(
                f"UPDATE ledger_groups SET longer = ?, longer_told = ? WHERE {_PLACE}",
                *((new[1], new[2]) if new else (None, None)),
                *row,
            )
            for other in (old, new, key):
                if other:
                    self._touch(other)
            for part in self._parts(key, size):
                self._mark_named(part)

    def _longer(self, key: Key, apart: set[frozenset[str]]) -> Key | None:
        """Return the group that a name is short for, if it can be but one."""
        family, name, told = key
        if stands_alone(name):
            return None
        users = self._do(
            "SELECT size, name, told FROM ledger_aliases WHERE family = ? AND alias = ?"
            " ORDER BY size DESC, name DESC, told DESC",
            family,
            name,
        )
        here = (len(name), name, told)
        mine = slug(name)
        longer: list[Key] = []
        for user in users:
            other = (family, user[1], user[2])
            if user == here or (apart and frozenset((slug(user[1]), mine)) in apart):
                continue
            # Of those before this name some are short for another by now.
            if user > here or self._found_no_longer(other):
                longer.append(other)
                if len(longer) > 1:
                    return None
        if len(longer) != 1 or len(longer[0][1]) <= len(name):
            return None
        return longer[0] if self._may_join(key, longer[0]) else None

    def _found_no_longer(self, key: Key) -> bool:
        row = self._one(
            f"SELECT longer FROM ledger_groups WHERE {_PLACE}", *_place(key)
        )
        return row is not None and row[0] is None

    def _may_join(self, key: Key, target: Key) -> bool:
        """Tell whether a short name may stand for a longer one.

        A surname may not if the two have different posts, nor a body's short name if the
        bodies belong to different polities.
        """
        place = (len(key[1]), key[1], key[2])
        short, full = self.group(key, place), self.group(target, place)
        if short.owners and full.owners and short.owners.isdisjoint(full.owners):
            return False
        if not short.types.keys() & lexicon.words("namesakes").keys():
            return True
        contrary = (
            short.posts and full.posts and not short.posts.keys() & full.posts.keys()
        )
        return not contrary or bool(common(short, full))

    # --------------------------------------------------------------------------- groups

    def _text_of(self, key: Key) -> str | None:
        row = self._one(f"SELECT text FROM ledger_groups WHERE {_PLACE}", *_place(key))
        return row[0] if row else None

    def _shorter(self, key: Key) -> list[tuple[int, str, str]]:
        """Return what stands for a group, in order."""
        return self._do(
            "SELECT size, name, told FROM ledger_groups"
            " WHERE family = ? AND longer = ? AND longer_told = ? ORDER BY 1, 2, 3",
            *key,
        ).fetchall()

    def _parts(self, key: Key, before: int = _LAST) -> Iterator[Key]:
        """Yield a group and all that stands for it and has a shorter name."""
        yield key
        for size, name, told in self._shorter(key):
            if size < before:
                yield from self._parts((key[0], name, told), before)

    def group(self, key: Key, before: tuple[int, str, str] = (_LAST, "", "")) -> Group:
        """Return a group with all that stands for it, as far as that is decided.

        Args:
            key: The group.
            before: What is decided from here on is left out.
        """
        group = Group.of_text(self._text_of(key) or "")
        for place in self._shorter(key):
            if place < before:
                group.take(self.group((key[0], place[1], place[2]), place))
        return group

    def root(self, key: Key) -> Key | None:
        """Return the group that a group stands for in the end; None if there is none."""
        row = self._one(
            f"SELECT longer, longer_told FROM ledger_groups WHERE {_PLACE}",
            *_place(key),
        )
        if row is None:
            return None
        return key if row[0] is None else self.root((key[0], *row))

    # ------------------------------------------------------------------------- entities

    def set_entity(self, key: Key, group: Group | None) -> None:
        """Settle class and name of an entity; with no group, there is no such entity."""
        old = self._one(
            f"SELECT stem, wanted, type, label, entry FROM ledger_entities WHERE {_KEY}",
            *key,
        )
        new = None
        if group is not None:
            wanted = id_of(key, group)
            # Two entries in one group: one of the two links is wrong, and none is made.
            entry = next(iter(group.entries)) if len(group.entries) == 1 else None
            stem = _NUMBERS.sub("", wanted)
            new = (stem, wanted, type_of(group), label_of(key, group), entry)
        if old == new:
            return
        self._do(
            "INSERT OR IGNORE INTO ledger_before"
            " SELECT family, name, told, id, type, label, entry FROM ledger_entities"
            f" WHERE {_KEY}",
            *key,
        )
        self._do(f"DELETE FROM ledger_entities WHERE {_KEY}", *key)
        # Others of the name may be numbered otherwise now.
        stems = {row[0] for row in (old, new) if row is not None}
        self._many(
            "INSERT OR IGNORE INTO ledger_changed_stems VALUES (?)",
            [(stem,) for stem in stems],
        )
        if new is not None:
            self._do(
                "INSERT INTO ledger_entities (family, name, told, stem, wanted, type,"
                " label, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                *(*key, *new),
            )

    def number(self) -> None:
        """Give entities their ids, which are numbered where two want the same."""
        for (stem,) in self._do("SELECT stem FROM ledger_changed_stems"):
            rows = self._do(
                "SELECT family, name, told, wanted, id, type, label, entry"
                " FROM ledger_entities WHERE stem = ? ORDER BY family, name, told",
                stem,
            )
            taken: set[str] = set()
            for *key, wanted, old, type_, label, entry in rows.fetchall():
                id_ = next(i for i in _numbered(wanted) if i not in taken)
                taken.add(id_)
                if id_ == old:
                    continue
                if old is not None:
                    self._do(
                        "INSERT OR IGNORE INTO ledger_before VALUES (?, ?, ?, ?, ?, ?, ?)",
                        *(*key, old, type_, label, entry),
                    )
                self._do(f"UPDATE ledger_entities SET id = ? WHERE {_KEY}", id_, *key)
        changed = self._do(
            "SELECT before.family, before.name, before.told FROM ledger_before AS before"
            " LEFT JOIN ledger_entities AS now USING (family, name, told)"
            " WHERE (before.id, before.type, before.label, before.entry)"
            " IS NOT (now.id, now.type, now.label, now.entry)"
        )
        for key in changed.fetchall():
            self.mark_documents(key)

    def entity_of(self, key: Key) -> tuple[Entity, int | None] | None:
        """Return what a settled group stands for, and its entry in the register."""
        row = self._one(
            f"SELECT id, type, label, entry FROM ledger_entities WHERE {_KEY}",
            *key,
        )
        if row is None:
            return None
        id_, type_, label, entry = row
        same_as: tuple[str, ...] = ()
        if entry is not None:
            same_as = (self._register or load_register()).entries[entry].same_as
        return Entity(id_, type_, label, same_as), entry

    # ------------------------------------------------ for what people decided, and after

    def spelt(self, spelling: str) -> list[Key]:
        """Return the settled groups that have a name with such a slug."""
        rows = self._do(
            "SELECT family, name, told FROM ledger_spelt WHERE slug = ?", spelling
        )
        return list(dict.fromkeys(filter(None, map(self.root, rows.fetchall()))))

    def wanting(self, id_: str) -> list[Key]:
        """Return the settled groups whose class and name give an id."""
        return self._do(
            "SELECT family, name, told FROM ledger_entities WHERE stem = ? AND wanted = ?",
            *(_NUMBERS.sub("", id_), id_),
        ).fetchall()

    def with_id(self, id_: str) -> Key | None:
        """Return the entity with an id."""
        key: Key | None = self._one(
            "SELECT family, name, told FROM ledger_entities WHERE stem = ? AND id = ?",
            *(_NUMBERS.sub("", id_), id_),
        )
        return key

    def count(self, root: Key, document: str | None = None) -> int:
        """Return how many entities a settled group has, in one document or in all."""
        where = "" if document is None else " AND document = ?"
        found = 0
        for part in self._parts(root):
            row = self._one(
                f"SELECT count(*) FROM ledger_members WHERE {_KEY}{where}",
                *(*part, *(() if document is None else (document,))),
            )
            found += row[0]
        return found

    def homes(self) -> dict[tuple[Key, str], Key]:
        """Return where people put a settled group's entities, all or a document's."""
        rows = self._do("SELECT * FROM ledger_homes")
        return {((f, n, t), document): tuple(home) for f, n, t, document, *home in rows}

    def set_homes(self, homes: dict[tuple[Key, str], Key]) -> None:
        """Replace where people put entities; what moves is to be stated again."""
        old = self.homes()
        for place in old.keys() | homes.keys():
            if old.get(place) == homes.get(place):
                continue
            root, document = place
            if document:
                self.mark_stale([document])
            else:
                for part in self._parts(root):
                    self._mark_named(part)
        self._do("DELETE FROM ledger_homes")
        self._many(
            "INSERT INTO ledger_homes VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(*root, document, *home) for (root, document), home in homes.items()],
        )

    def note_corrected(self, keys: Iterable[Key]) -> None:
        """Note which entities are as people decided."""
        self._many("INSERT OR IGNORE INTO ledger_corrected VALUES (?, ?, ?)", keys)

    def mark_documents(self, key: Key) -> None:
        """Note that all documents that name an entity are to be stated again."""
        for part in self.parts_of(key):
            self._mark_named(part)
        self.mark_stale(d for (_, d), home in self.homes().items() if d and home == key)

    def parts_of(self, key: Key) -> Iterator[Key]:
        """Yield the groups whose entities are of an entity, in documents in general."""
        yield from self._parts(key)
        for (root, document), home in self.homes().items():
            if home == key and not document:
                yield from self._parts(root)

    def mark_common(self, first: Key, second: Key) -> None:
        """Note that the documents that name two entities are to be stated again."""
        for one in self.parts_of(first):
            for other in self.parts_of(second):
                self._do(
                    "INSERT OR IGNORE INTO ledger_stale SELECT a.document"
                    " FROM ledger_members AS a JOIN ledger_members AS b USING (document)"
                    " WHERE a.family = ? AND a.name = ? AND a.told = ?"
                    " AND b.family = ? AND b.name = ? AND b.told = ?",
                    *(*one, *other),
                )
        self.mark_stale(
            d for (_, d), home in self.homes().items() if d and home in {first, second}
        )

    def _mark_named(self, key: Key) -> None:
        self._do(
            "INSERT OR IGNORE INTO ledger_stale"
            f" SELECT document FROM ledger_members WHERE {_KEY}",
            *key,
        )

    def members(self, document: str | None = None) -> Iterator[tuple[Reference, Key]]:
        """Yield the entities of one document or of all, and the settled group of each."""
        homes = self.homes()
        where = "" if document is None else " WHERE document = ?"
        rows = self._do(
            f"SELECT document, key, family, name, told FROM ledger_members{where}",
            *(() if document is None else (document,)),
        )
        for named_in, key, *group in rows:
            root = self.root(tuple(group))
            assert root is not None  # noqa: S101 - each member has its group
            home = homes.get((root, named_in)) or homes.get((root, "")) or root
            yield (named_in, key), home

    def rows(self, table: str) -> Iterator[tuple[object, ...]]:
        """Yield the rows of a table, in no order."""
        yield from self._do(f"SELECT * FROM {table}")

    def kept(self, name: str) -> Any:
        """Return what was kept under a name, an empty list if nothing was."""
        row = self._one("SELECT value FROM ledger_kept WHERE name = ?", name)
        return json.loads(row[0]) if row else []

    def keep(self, name: str, value: object) -> None:
        """Keep a value for the next time."""
        self._do(
            "INSERT OR REPLACE INTO ledger_kept VALUES (?, ?)", name, json.dumps(value)
        )

    # ------------------------------------------------------------------------------ SQL

    def _do(self, statement: str, *values: object) -> sqlite3.Cursor:
        return self._database.execute(statement, values)

    def _one(self, statement: str, *values: object) -> Any:
        return self._database.execute(statement, values).fetchone()

    def _many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._database.executemany(statement, rows)


def _place(key: Key) -> tuple[str, int, str, str]:
    """Return where a group stands in the order of decisions."""
    family, name, told = key
    return (family, len(name), name, told)


def _numbered(id_: str) -> Iterator[str]:
    yield id_
    number = 2
    while True:
        yield f"{id_}-{number}"
        number += 1
