"""Names that everyone knows are known once and lead to one name."""

from __future__ import annotations

from collections import Counter

import pytest

from kg import lexicon
from kg.known import adjectives, known_class, known_label, name_key
from kg.ontology import load_ontology


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


@pytest.mark.parametrize("name", ["US", "U.S.", "United States", "america"])
def test_other_names_lead_to_the_preferred_one(name: str) -> None:
    assert known_label(name, "Polity") == "United States"


def test_what_is_not_known_has_no_class() -> None:
    assert known_class("Georgia") is None
    assert known_label("France", "Company") is None


def test_adjectives_stand_for_their_country() -> None:
    assert adjectives()["french"] == "France"
    assert "european" not in adjectives()
