"""The register: well-known actors, laws and products with their names and public ids.

``ontology/register/*.tsv`` has one line each: name, class, country (ISO 3166-1, or EU and
INT), Wikidata id where one is confirmed, other names, what it is part of, and for people
the post and its years.  Countries that no line has are those of the Unicode CLDR.  A name
that two entries share means neither.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale
from babel.core import get_global

from kg import lexicon
from kg.known import adjectives, full_key
from kg.model import Annotation
from kg.paths import ontology_folder

# Posts of those whom a text that names their country may call by the surname alone.
_HEAD = re.compile(r"(?:President|Prime Minister|Chancellor|Taoiseach) of (.+)")
_NO_COUNTRIES = frozenset(("AQ", "EU", "ZZ"))
WIKIDATA = "http://www.wikidata.org/entity/"
COLUMNS = (
    "name",
    "class",
    "country",
    "wikidata",
    "aliases",
    "part of",
    "post",
    "since",
    "until",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the register.

    ``part_of`` is the maker of a product, the jurisdiction of a law, the main body of a
    person; ``since`` and ``until`` are years, or empty.
    """

    name: str
    type: str
    country: str
    wikidata: str
    aliases: tuple[str, ...]
    part_of: str
    post: str
    since: str
    until: str

    def in_office(self, date: str | None) -> bool:
        """Tell whether a post was held at a date; of an unknown date any may be."""
        year = date[:4] if date else ""
        return not year or self.since <= year <= (self.until or year)

    @property
    def same_as(self) -> tuple[str, ...]:
        """The public IRIs of the thing."""
        return (WIKIDATA + self.wikidata,) if self.wikidata else ()


class Register:
    """Finds entries by name, class family and, for people, by whom they are named with."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._numbers = {entry: number for number, entry in enumerate(self.entries)}
        self._by_name: dict[tuple[str, str], Entry | None] = {}
        own: dict[tuple[str, str], Entry] = {}
        for entry in self.entries:
            family = lexicon.family_of(entry.type)
            own[family, full_key(entry.name)] = entry
            for name in {full_key(n) for n in (entry.name, *entry.aliases)}:
                other = self._by_name.setdefault((family, name), entry)
                if other is not entry:
                    self._by_name[family, name] = None
        # What an entry is called beats what another is called too.
        self._by_name.update(own)
        self._places: dict[str, set[str]] = {}
        for entry in self.entries:
            if entry.type in lexicon.words("means") and entry.country:
                names = {full_key(n) for n in (entry.name, *entry.aliases)}
                self._places.setdefault(entry.country, set()).update(names)
        self._by_short_name: dict[tuple[str, str], Entry] = {}
        for term, short_names in lexicon.words("shortly").items():
            family = lexicon.family_of(lexicon.words("knownAs")[term][0])
            full = own.get((family, full_key(lexicon.words("knownName")[term][0])))
            if full is not None:
                keys = [(family, full_key(short)) for short in short_names]
                self._by_short_name.update(dict.fromkeys(keys, full))
        self._by_surname: dict[str, list[Entry]] = {}
        for entry in self.entries:
            if (post := _HEAD.fullmatch(entry.post)) and full_key(
                post[1]
            ) in self._places.get(entry.country, ()):
                surname = full_key(entry.name).rpartition(" ")[2]
                self._by_surname.setdefault(surname, []).append(entry)

    def number_of(self, entry: Entry) -> int:
        """Return where an entry stands among all."""
        return self._numbers[entry]

    def link(self, annotation: Annotation) -> dict[str, Entry | None]:
        """Return the entry of each entity of a document, by the entity's key.

        Whose bodies and laws a text names is what it is about, though it may call that
        "the Union", and its bodies "the Commission" and "the Council".
        """
        entities, date = annotation.entities, annotation.date
        around = frozenset(full_key(name) for e in entities for name in e.names)
        found = {e.key: self.find(e.names, e.type, around, date) for e in entities}
        people = lexicon.words("namesakes")
        about = [
            self._context(entry)
            for entry in found.values()
            if entry is not None and entry.type not in people
        ]
        wider = around.union(*about)
        for e in entities:
            if found[e.key] is None and e.type not in people:
                found[e.key] = self.find(e.names, e.type, wider, date)
        return found

    def find(
        self,
        names: Sequence[str],
        type_: str,
        around: frozenset[str] = frozenset(),
        date: str | None = None,
    ) -> Entry | None:
        """Return the entry that names mean, or None where that is not sure.

        Args:
            names: All names of a thing; the first, its fullest, must be the entry's.
            type_: Its class; an entry of the same family counts.
            around: Keys of what the text names besides; a person is recognised only by
                some of it, for people share names.  A surname alone means whoever leads
                a country that the text names.
            date: When the text was written, ISO 8601: who leads a country then is meant.
        """
        family = lexicon.family_of(type_)
        found = {
            entry.name: entry
            for name in names
            if (entry := self._by_name.get((family, full_key(name)))) is not None
        }
        fullest = self._by_name.get((family, full_key(names[0])))
        if type_ in lexicon.words("namesakes"):
            if not found:
                known = [self._by_surname.get(full_key(n), ()) for n in names]
                found = {
                    e.name: e for entries in known for e in entries if e.in_office(date)
                }
            found = {n: e for n, e in found.items() if self._context(e) & around}
        elif fullest is None:
            # What the text spells out in full is not ours because of its acronym.
            return self._by_short(names, family, around)
        return next(iter(found.values())) if len(found) == 1 else None

    def of_owner(self, name: str, type_: str, owner: str) -> Entry | None:
        """Return the body that a polity's "AI Safety Institute" is: the "UK AI ..."."""
        (polity,) = lexicon.words("means")
        entry = self._by_name.get((lexicon.family_of(polity), full_key(owner)))
        owners = {owner, *(entry.aliases if entry else ())}
        owners |= {a for a, of in adjectives().items() if of == owner}
        family = lexicon.family_of(type_)
        found = {
            known.name: known
            for one in owners
            if (known := self._by_name.get((family, full_key(f"{one} {name}"))))
        }
        return next(iter(found.values())) if len(found) == 1 else None

    def _by_short(
        self, names: Sequence[str], family: str, around: frozenset[str]
    ) -> Entry | None:
        """Return whom a text about the EU calls "the Commission", if nobody else is so named."""
        short, *more = {full_key(name) for name in names}
        entry = self._by_short_name.get((family, short))
        if more or entry is None or not self._context(entry) & around:
            return None
        own = {full_key(name) for name in (entry.name, *entry.aliases)}
        others = {n for n in around - own if n.endswith(" " + short)}
        return None if others else entry

    def _context(self, entry: Entry) -> frozenset[str]:
        """Return the keys of what a text that means a thing is likely to name."""
        return frozenset(
            {full_key(entry.part_of)} - {""} | self._places.get(entry.country, set())
        )


def read_entries(path: Path) -> list[Entry]:
    """Return the entries of one file.

    Raises:
        ValueError: A line has not the columns of the head, or they are not ours.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if tuple(next(rows)) != COLUMNS:
            raise ValueError(f"{path}: the first line is not {', '.join(COLUMNS)}")
        entries = []
        for number, row in enumerate(rows, 2):
            if len(row) != len(COLUMNS):
                raise ValueError(f"{path}:{number}: {len(row)} columns")
            name, type_, country, wikidata, aliases, *rest = row
            others = tuple(a for a in aliases.split(" | ") if a)
            entries.append(Entry(name, type_, country, wikidata, others, *rest))
    return entries


def other_countries(known: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the countries and territories of the CLDR whose code no known polity has."""
    (polity,) = lexicon.words("means")
    codes = {entry.country for entry in known if entry.type == polity}
    names = Locale("en").territories
    for code in sorted(names.keys() & get_global("territory_currencies").keys()):
        if re.fullmatch("[A-Z]{2}", code) and code not in codes | _NO_COUNTRIES:
            plain = re.sub(r" SAR China$", "", names[code])
            spelt = plain.replace("&", "and").replace("St. ", "Saint ")
            others = (spelt,) if spelt != plain else ()
            yield Entry(plain, polity, code, "", others, "", "", "", "")


@cache
def load_register() -> Register:
    """Return the register that comes with the program."""
    folder = ontology_folder() / "register"
    entries = [e for p in sorted(folder.glob("*.tsv")) for e in read_entries(p)]
    return Register([*entries, *other_countries(entries)])
