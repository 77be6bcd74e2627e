"""The register of well-known actors is in order, and links what it should and no more."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from kg.building import build
from kg.known import full_key
from kg.model import Annotation, LocalEntity
from kg.ontology import load_ontology
from kg.register import COLUMNS, load_register, read_entries
from kg.resolve import resolve
from kg.shelf import Shelf

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "ontology" / "register").glob("*.tsv"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_lines_are_complete_and_in_order(path: Path) -> None:
    entries = read_entries(path)
    assert [e.name for e in entries] == [
        e.name for e in sorted(entries, key=lambda e: (full_key(e.name), e.name))
    ]
    for entry in entries:
        assert entry.type in load_ontology().classes, entry
        assert re.fullmatch(r"([A-Z]{2}|INT)?", entry.country), entry
        assert re.fullmatch(r"(Q[1-9]\d*)?", entry.wikidata), entry
        assert re.fullmatch(r"(\d{4})?", entry.since), entry
        assert re.fullmatch(r"(\d{4})?", entry.until), entry
        assert len({entry.name, *entry.aliases}) == 1 + len(entry.aliases), entry


def test_it_is_large_and_no_id_stands_twice() -> None:
    entries = load_register().entries
    assert len(entries) >= 1500
    ids = [entry.wikidata for entry in entries if entry.wikidata]
    assert len(ids) == len(set(ids)) >= 1000


def test_every_country_has_an_entry_and_no_name_of_two_things_is_one() -> None:
    register = load_register()
    for name, code in (("Greenland", "GL"), ("Macao", "MO"), ("Kenya", "KE")):
        found = register.find([name], "Polity")
        assert found is not None
        assert found.country == code
    assert register.find(["Georgia"], "Polity") is None  # a state, too


def test_a_surname_means_who_led_the_country_when_the_text_was_written() -> None:
    around = frozenset({"united kingdom", "brown"})
    find = load_register().find
    during, before = (find(["Brown"], "Person", around, d) for d in ("2009", "2004"))
    assert during is not None
    assert during.name == "Gordon Brown"
    assert before is None


def test_a_text_that_names_bodies_of_the_eu_may_call_it_the_union() -> None:
    def linked(*names: tuple[str, str]) -> list[str]:
        entities = tuple(
            LocalEntity(f"e{i}", type_, name, (name,), ())
            for i, (name, type_) in enumerate(names)
        )
        entries = load_register().link(Annotation(entities, (), (), 0))
        return [entry.name if (entry := entries[e.key]) else "" for e in entities]

    union = ("Union", "Polity")
    assert (
        linked(union, ("European Parliament", "GovernmentBody"))[0] == "European Union"
    )
    assert linked(union, ("Bundestag", "GovernmentBody"))[0] == ""


def test_no_name_means_two_entries_of_one_family() -> None:
    names = [e.name for e in load_register().entries]
    assert names
    for entry in load_register().entries:
        around = frozenset({full_key(entry.part_of), full_key("United States")})
        for name in (entry.name, *entry.aliases):
            found = load_register().find([name], entry.type, around)
            assert found in {None, entry}, (name, entry.name, found)


def test_a_line_with_too_few_columns_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("\t".join(COLUMNS) + "\nAcme\tCompany\n", "utf-8")
    with pytest.raises(ValueError, match=r"x\.tsv:2: 2 columns"):
        read_entries(path)
    path.write_text("name\tclass\n", "utf-8")
    with pytest.raises(ValueError, match="the first line is not"):
        read_entries(path)


def test_links_of_the_corpus_are_right(tmp_path: Path) -> None:
    """Compared with a reader's choice for each entity of each text (linking.tsv)."""
    with (ROOT / "tests" / "linking.tsv").open(encoding="utf-8", newline="") as file:
        gold = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(gold) >= 300
    build([str(ROOT / "corpus")], tmp_path)
    shelved = list(Shelf.open(tmp_path))
    resolution = resolve((s.document.id, s.annotation) for s in shelved)
    linked: dict[tuple[str, str, str], set[str]] = {}
    for shelf in shelved:
        for entity in shelf.annotation.entities:
            id_ = resolution.entities[shelf.document.id, entity.key].id
            if id_ in resolution.entries:
                for name in entity.names:
                    key = (shelf.document.path, entity.type, full_key(name))
                    linked.setdefault(key, set()).add(resolution.entries[id_].name)
    right = wrong = missed = 0
    errors = []
    for row in gold:
        key = (row["document"], row["class"], full_key(row["name"]))
        found = linked.get(key)
        if found and row["entry"] not in found:
            wrong += 1
            errors.append((row["document"], row["name"], row["entry"], found))
        elif found:
            right += 1
        elif row["entry"] != "-":
            missed += 1
    assert right / (right + wrong) >= 0.98, errors
    assert right / (right + missed) >= 0.7, (right, missed)
