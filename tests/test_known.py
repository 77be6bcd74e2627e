"""Names that everyone knows are known once and lead to one name."""

from __future__ import annotations

import re
from collections import Counter

import pyoxigraph
import pytest
from pyoxigraph import RdfFormat

from kg import lexicon
from kg.known import adjectives, known_class, known_label, known_names, name_key
from kg.ontology import load_ontology
from kg.paths import ontology_folder

KNOWN = ontology_folder() / "words" / "known.ttl"


def test_each_name_means_one_thing() -> None:
    names: Counter[str] = Counter()
    for property_ in ("knownName", "alias"):
        for forms in lexicon.words(property_).values():
            names.update({name_key(form) for form in forms})
    assert [name for name, count in names.items() if count > 1] == []


def test_each_term_has_a_class_that_exists() -> None:
    classes = lexicon.words("knownAs")
    assert classes.keys() == lexicon.words("knownName").keys()
    assert {c for names in classes.values() for c in names} <= set(
        load_ontology().classes
    )


def test_each_term_has_one_class_and_one_name() -> None:
    said = Counter(
        (quad.subject.value, quad.predicate.value)
        for quad in pyoxigraph.parse(path=KNOWN, format=RdfFormat.TURTLE)
        if isinstance(quad.subject, pyoxigraph.NamedNode)
    )
    for term in {term for term, _ in said}:
        assert said[term, lexicon.NAMESPACE + "knownAs"] == 1, term
        assert said[term, lexicon.NAMESPACE + "knownName"] == 1, term


def test_lines_are_sorted_by_class_and_name() -> None:
    lines = re.findall(
        r'^known:([A-Z][A-Za-z0-9]*) lex:knownAs "(\w+)" ; .* \.$',
        KNOWN.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    order = [(type_, term) for term, type_ in lines]
    assert order == sorted(order)
    assert len(order) == len(set(order))


@pytest.mark.parametrize("name", ["US", "U.S.", "United States", "america"])
def test_other_names_lead_to_the_preferred_one(name: str) -> None:
    assert known_label(name, "Polity") == "United States"


@pytest.mark.parametrize(
    ("name", "type_", "label"),
    [
        ("Burma", "Polity", "Myanmar"),
        ("Côte d’Ivoire", "Polity", "Ivory Coast"),
        ("Democratic People’s Republic of Korea", "Polity", "North Korea"),
        ("Washington, D.C.", "Polity", "Washington"),
        ("EU", "Polity", "European Union"),
        ("Wall Street", "Place", "Wall Street"),
        ("ISO", "Organization", "International Organization for Standardization"),
        ("US Congress", "GovernmentBody", "United States Congress"),
    ],
)
def test_names_of_each_kind_are_known(name: str, type_: str, label: str) -> None:
    assert known_class(name) == type_
    assert known_label(name, type_) == label


def test_spellings_with_a_curly_apostrophe_are_found_too() -> None:
    names = {name for name, _ in known_names()}
    assert "Democratic People’s Republic of Korea" in names
    assert "Côte d’Ivoire" in names


@pytest.mark.parametrize("name", ["Georgia", "Jordan", "Chad", "Congress", "New York"])
def test_what_could_mean_two_things_is_not_known(name: str) -> None:
    assert known_class(name) is None


def test_a_name_of_another_class_has_no_label() -> None:
    assert known_label("France", "Company") is None


def test_adjectives_stand_for_their_country() -> None:
    assert adjectives()["french"] == "France"
    assert adjectives()["british"] == "United Kingdom"
    assert adjectives()["nigerien"] == "Niger"


@pytest.mark.parametrize(
    "word", ["european", "korean", "african", "sudanese", "congolese", "dominican"]
)
def test_adjectives_of_several_countries_stand_for_none(word: str) -> None:
    assert word not in adjectives()


def test_adjectives_are_capitalised_words_that_mean_one_polity() -> None:
    classes = lexicon.words("knownAs")
    owners: Counter[str] = Counter()
    for term, forms in lexicon.words("adjective").items():
        assert classes[term] == ("Polity",)
        for form in forms:
            assert form[0].isupper()
            assert " " not in form
        owners.update({form.lower() for form in forms})
    assert max(owners.values()) == 1
