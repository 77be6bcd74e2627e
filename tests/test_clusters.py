"""Which mentions of a document are one thing, on documents recognised by hand."""

from __future__ import annotations

import spacy
from spacy.tokens import Doc, Span

from kg.known import known_class, known_names
from kg.pipeline import attributes  # noqa: F401 - declares what a Doc holds
from kg.pipeline.clusters import clusters
from kg.pipeline.ner import class_by_words


def clustered(text: str, **names: str) -> list[tuple[str, frozenset[str]]]:
    """Return class and names of the things in a text whose names have a given class."""
    nlp = spacy.blank("en")
    doc: Doc = nlp(text)
    ents = []
    for name, label in names.items():
        start = text.index(name.replace("_", " "))
        span = doc.char_span(start, start + len(name), label=label)
        assert isinstance(span, Span)
        span._.score = 0.9
        ents.append(span)
    doc.ents = sorted(ents, key=lambda span: span.start)
    return [(c.type, frozenset(c.names)) for c in clusters(doc)._.clusters]


def test_an_acronym_in_brackets_names_the_words_before_it() -> None:
    assert clustered(
        "The digital services tax (DST) is due. The DST hurts.", DST="Organization"
    ) == [("Law", frozenset({"digital services tax", "DST"}))]


def test_a_small_word_begins_no_long_form() -> None:
    assert clustered(
        "He left the Office of Inspector General (OIG).", OIG="GovernmentBody"
    ) == [("GovernmentBody", frozenset({"Office of Inspector General", "OIG"}))]


def test_what_only_begins_a_long_form_says_nothing_of_it() -> None:
    assert clustered(
        "Sales of Chinese electric vehicles (CEV) rose.", Chinese="Polity"
    ) == [("Polity", frozenset({"China", "Chinese"}))]


def test_a_well_known_class_is_not_overruled() -> None:
    assert clustered(
        "The European Union (EU) will pay. The EU agreed.", European_Union="Polity"
    ) == [("Polity", frozenset({"European Union", "EU"}))]


def test_a_name_that_goes_on_behind_the_bracket_stays_whole() -> None:
    whole = "Online Safety (OS) Act 2023"
    assert clustered(f"Parliament passed the {whole}.", **{whole: "Law"}) == [
        ("Law", frozenset({whole}))
    ]


def test_an_owner_is_cut_off_a_body_that_the_text_knows_by_itself() -> None:
    assert clustered(
        "The US Federal Trade Commission sued. The FTC won.",
        US_Federal_Trade_Commission="GovernmentBody",
        FTC="GovernmentBody",
    ) == [
        ("Polity", frozenset({"US"})),
        ("GovernmentBody", frozenset({"Federal Trade Commission", "FTC"})),
    ]


def test_a_body_of_another_country_keeps_its_name() -> None:
    assert clustered(
        "The California Supreme Court ruled.", California_Supreme_Court="GovernmentBody"
    ) == [("GovernmentBody", frozenset({"California Supreme Court"}))]


def test_an_acronym_joins_a_longer_name_of_another_class() -> None:
    assert clustered(
        "They signed the Technology Prosperity Deal. The TPD helps.",
        Technology_Prosperity_Deal="Law",
        TPD="GovernmentBody",
    ) == [("Law", frozenset({"Technology Prosperity Deal", "TPD"}))]


def test_a_name_written_with_other_spaces_is_found_again() -> None:
    found = clustered(
        "Rolls-Royce won. Then Rolls - Royce lost.", **{"Rolls-Royce": "Company"}
    )
    assert [type_ for type_, _ in found] == ["Company", "Company"]


def test_well_known_names_are_known_by_their_own_class_first() -> None:
    # class_by_words is only asked where nothing is known: these are what it gets wrong.
    overruled = {
        name
        for name, class_ in known_names()
        if class_by_words(name) not in (None, class_) and known_class(name) == class_
    }
    assert "European Union" in overruled


def test_the_title_behind_a_number_names_the_same_thing() -> None:
    title = "Speeding the Safe Use of Drones through Shared Rules"
    whole = ("Law", frozenset({"Memorandum M-31-07", title}))
    for text in (
        f"Read Memorandum M-31-07, {title}\nIt is long.",
        f"Read Memorandum M-31-07, “{title},” which is long.",
        f"Read Memorandum M-31-07 on “{title}” today.",
    ):
        assert clustered(text, **{"Memorandum M-31-07": "Law"}) == [whole], text


def test_what_is_not_written_like_a_title_is_none() -> None:
    for text in (
        "Read Memorandum M-31-07, which the agency sent out on Monday\nIt is long.",
        "Memorandum M-31-07, Ana Duarte said, is long.",
        "Memorandum M-31-07: “We want drones to fly.”",
    ):
        assert clustered(text, **{"Memorandum M-31-07": "Law"}) == [
            ("Law", frozenset({"Memorandum M-31-07"}))
        ], text


def test_bodies_of_two_polities_with_one_name_are_two() -> None:
    found = clustered(
        "Britain gets a Data Safety Board. The board works. "
        "Then Ottawa announced a Canadian Data Safety Board.",
        Britain="Polity",
        Canadian="Polity",
        Data_Safety_Board="GovernmentBody",
    )
    assert [type_ for type_, _ in found].count("GovernmentBody") == 2


def test_a_body_named_with_and_without_its_owner_is_one() -> None:
    found = clustered(
        "The Data Safety Board met. The Canadian Data Safety Board agreed, "
        "and the Data Safety Board went on.",
        Canadian="Polity",
        Data_Safety_Board="GovernmentBody",
    )
    assert [type_ for type_, _ in found].count("GovernmentBody") == 1
