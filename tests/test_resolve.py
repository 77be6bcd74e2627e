"""One node for each real thing: names, registers, namesakes, and what people decided."""

from __future__ import annotations

from itertools import permutations

import pytest
from annotations import annotation

from kg.corrections import parse
from kg.model import Annotation
from kg.namesakes import same_person
from kg.ontology import load_ontology
from kg.register import Entry, Register, load_register
from kg.resolve import resolve

EMPTY = Register(())


def ids(
    documents: dict[str, Annotation], corrections: str = "", register: Register = EMPTY
) -> dict[str, dict[str, str]]:
    """Return, by document, the id of each entity by its name there."""
    decided = parse(corrections, load_ontology())
    resolution = resolve(sorted(documents.items()), decided, register)
    return {
        document: {
            name: resolution.entities[document, entity.key].id
            for entity in told.entities
            for name in entity.names
        }
        for document, told in documents.items()
    }


def nodes(found: dict[str, dict[str, str]], *names: str) -> set[str]:
    return {told[name] for told in found.values() for name in names if name in told}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Company | Siemens AG", "Company | Siemens"),
        ("Person | Viktor Orbán", "Person | Viktor Orban"),
        ("Person | Nguyễn Phú Trọng", "Person | Nguyen Phu Trong"),
        ("GovernmentBody | the Ofcom", "GovernmentBody | OFCOM"),
        ("Organization | Ｃｏｕｎｃｉｌ of Europe", "Organization | Council of Europe"),
        ("Company | Mistral AI", "Organization | Mistral AI"),
    ],
)
def test_spellings_of_one_name_are_one_thing(first: str, second: str) -> None:
    found = ids({"a": annotation(first), "b": annotation(second)})
    assert (
        len(nodes(found, *(line.partition(" | ")[2] for line in (first, second)))) == 1
    )


def test_an_acronym_that_one_text_explains_is_understood_in_another() -> None:
    found = ids(
        {
            "a": annotation("GovernmentBody | Radio Spectrum Board, RSB"),
            "b": annotation("GovernmentBody | RSB"),
        }
    )
    assert len(nodes(found, "RSB", "Radio Spectrum Board")) == 1


def test_a_short_name_of_two_things_stays_apart_from_both() -> None:
    found = ids(
        {
            "a": annotation("GovernmentBody | Radio Spectrum Board, RSB"),
            "b": annotation("GovernmentBody | Rural Schools Board, RSB"),
            "c": annotation("GovernmentBody | RSB"),
        }
    )
    assert found["c"]["RSB"] not in nodes(
        {"a": found["a"], "b": found["b"]},
        "Radio Spectrum Board",
        "Rural Schools Board",
    )


def test_a_company_and_its_product_of_one_name_are_two() -> None:
    found = ids(
        {"a": annotation("Company | Grindr"), "b": annotation("Product | Grindr")}
    )
    assert found["a"] != found["b"]


SENATOR = annotation(
    "Person | John Smith, Smith\nGovernmentBody | Ohio Senate",
    "John Smith | worksFor | Ohio Senate",
)
CHIEF = annotation(
    "Person | John Smith\nCompany | Acme Robotics", "John Smith | leads | Acme Robotics"
)


def test_two_people_of_one_name_with_different_posts_are_two() -> None:
    found = ids({"a": SENATOR, "b": CHIEF})
    assert found["a"]["John Smith"] == "person/john-smith-ohio-senate"
    assert found["b"]["John Smith"] == "person/john-smith-acme-robotics"


def test_a_third_text_joins_the_person_whose_affairs_it_tells() -> None:
    third = annotation(
        "Person | John Smith\nCompany | Acme Robotics\nPolity | Ohio",
        "John Smith | supports | Acme Robotics",
    )
    found = ids({"a": SENATOR, "b": CHIEF, "c": third})
    assert found["c"]["John Smith"] == found["b"]["John Smith"]


def test_a_text_that_fits_both_namesakes_joins_neither() -> None:
    found = ids({"a": SENATOR, "b": CHIEF, "c": annotation("Person | John Smith")})
    assert len(nodes(found, "John Smith")) == 3


def test_one_person_may_have_two_posts() -> None:
    found = ids(
        {
            "a": annotation(
                "Person | Ana Duarte\nGovernmentBody | Ministry of Health of Tavira\n"
                "Organization | Green Alliance",
                "Ana Duarte | leads | Ministry of Health of Tavira",
            ),
            "b": annotation(
                "Person | Ana Duarte\nOrganization | Green Alliance",
                "Ana Duarte | leads | Green Alliance",
            ),
        }
    )
    assert nodes(found, "Ana Duarte") == {"person/ana-duarte"}


def test_a_surname_joins_the_one_full_name_but_not_against_its_posts() -> None:
    found = ids({"a": SENATOR, "b": annotation("Person | Smith")})
    assert found["b"]["Smith"] == found["a"]["John Smith"]
    chief = annotation(
        "Person | Smith\nCompany | Acme Robotics", "Smith | leads | Acme Robotics"
    )
    found = ids({"a": SENATOR, "b": chief})
    assert found["b"]["Smith"] != found["a"]["John Smith"]


def test_the_answer_does_not_depend_on_the_order_of_documents() -> None:
    documents = {
        "a": SENATOR,
        "b": CHIEF,
        "c": annotation("Person | Smith\nGovernmentBody | RSB"),
        "d": annotation("GovernmentBody | Radio Spectrum Board, RSB"),
    }
    answers = []
    for order in permutations(documents):
        resolution = resolve([(name, documents[name]) for name in order], (), EMPTY)
        answers.append(dict(resolution.entities))
    assert all(answer == answers[0] for answer in answers)


def test_more_in_common_makes_one_person_more_probable() -> None:
    nothing: set[str] = set()
    alone = same_person("john smith", nothing, nothing, nothing, nothing)
    contrary = same_person("john smith", {"x"}, {"y"}, nothing, nothing)
    linked = same_person("john smith", {"x"}, {"y"}, {"z"}, nothing)
    shared = same_person("john smith", {"x"}, {"x"}, nothing, nothing)
    assert contrary < 0.5 < linked < alone < shared
    assert same_person("smith", nothing, nothing, nothing, nothing) < alone


# --------------------------------------------------------------------------- register


def entry(name: str, class_: str, **told: str) -> Entry:
    aliases = tuple(filter(None, told.get("aliases", "").split(" | ")))
    return Entry(
        name,
        class_,
        told.get("country", ""),
        told.get("wikidata", ""),
        aliases,
        told.get("part_of", ""),
        told.get("post", ""),
        "",
        "",
    )


REGISTER = Register(
    [
        entry(
            "Tavira", "Polity", country="TV", wikidata="Q1", aliases="Taviran Republic"
        ),
        entry(
            "Federal Grid Agency",
            "GovernmentBody",
            aliases="Netzamt | FGA",
            wikidata="Q2",
        ),
        entry("Farm Guild Association", "Organization", aliases="FGA"),
        entry(
            "Ana Duarte",
            "Person",
            country="TV",
            wikidata="Q3",
            post="President of Tavira",
        ),
        entry("Rui Duarte", "Person", country="PX", wikidata="Q4", post="Minister"),
    ]
)


def same_as(told: str, name: str) -> tuple[str, ...]:
    document = annotation(told)
    resolution = resolve([("a", document)], (), REGISTER)
    key = next(e.key for e in document.entities if name in e.names)
    return resolution.entities["a", key].same_as


def test_what_the_register_knows_by_two_names_is_one_thing_with_its_public_id() -> None:
    documents = {
        "a": annotation("GovernmentBody | Netzamt"),
        "b": annotation("GovernmentBody | Federal Grid Agency"),
    }
    assert nodes(
        ids(documents, register=REGISTER), "Netzamt", "Federal Grid Agency"
    ) == {"governmentbody/federal-grid-agency"}
    assert same_as("GovernmentBody | Netzamt", "Netzamt") == (
        "http://www.wikidata.org/entity/Q2",
    )


def test_an_acronym_does_not_outvote_what_the_text_spells_out() -> None:
    told = "GovernmentBody | Forest Guard Academy, Netzamt"
    assert same_as(told, "Netzamt") == ()


def test_a_name_of_two_entries_means_neither() -> None:
    assert same_as("Organization | FGA", "FGA") == ()


def test_a_person_is_recognised_only_among_what_belongs_to_the_person() -> None:
    assert same_as("Person | Ana Duarte", "Ana Duarte") == ()
    told = "Person | Ana Duarte\nPolity | Taviran Republic"
    assert same_as(told, "Ana Duarte") == ("http://www.wikidata.org/entity/Q3",)


def test_a_bare_surname_means_only_who_leads_a_country_that_is_named() -> None:
    assert same_as("Person | Duarte\nPolity | Tavira", "Duarte") == (
        "http://www.wikidata.org/entity/Q3",
    )
    assert same_as("Person | Duarte\nPolity | Paxos", "Duarte") == ()


def test_the_commission_is_that_of_the_union_only_where_the_union_is_named() -> None:
    told = "GovernmentBody | European Commission\nPolity | European Union"
    documents = {
        "a": annotation(told),
        "b": annotation("GovernmentBody | Commission\nPolity | European Union, EU"),
        "c": annotation("GovernmentBody | Commission\nPolity | Kenya"),
        "d": annotation(
            "GovernmentBody | Commission\nPolity | EU\n"
            "GovernmentBody | Federal Trade Commission"
        ),
    }
    found = ids(documents, register=load_register())
    assert found["b"]["Commission"] == found["a"]["European Commission"]
    assert (
        found["c"]["Commission"]
        == found["d"]["Commission"]
        == ("governmentbody/commission")
    )


# ------------------------------------------------------------------------ corrections


ACTS = {
    "a": annotation("Law | Data Fairness Act"),
    "b": annotation("Law | Fair Data Act"),
    "c": annotation("Law | Data Fairness Act"),
}


@pytest.mark.parametrize("mentions", ["Prado", "Prado\nCompany | Prado's"])
def test_what_is_merged_into_a_thing_does_not_change_what_that_is(
    mentions: str,
) -> None:
    found = ids(
        {
            "a": annotation("Person | Luciana Prado"),
            "b": annotation(f"Company | {mentions}"),
            "c": annotation("Company | Prado"),
        },
        "merge company/prado person/luciana-prado",
    )
    assert nodes(found, "Luciana Prado", "Prado") == {"person/luciana-prado"}


def test_what_people_merge_is_one() -> None:
    found = ids(ACTS, "merge law/data-fairness-act law/fair-data-act")
    assert nodes(found, "Data Fairness Act", "Fair Data Act") == {"law/fair-data-act"}


def test_what_people_rename_and_retype_is_found_by_any_name_it_has_had() -> None:
    found = ids(
        ACTS,
        "rename law/fair-data-act Fairness Code\n"
        "retype law/fairness-code Initiative\n"
        "rename law/fair-data-act Code of Fairness",
    )
    assert found["b"]["Fair Data Act"] == "initiative/code-of-fairness"


def test_what_people_split_is_another_thing_in_that_document_only() -> None:
    found = ids(ACTS, "split law/data-fairness-act c Data Fairness Act of Oregon")
    assert found["c"]["Data Fairness Act"] == "law/data-fairness-act-of-oregon"
    assert found["a"]["Data Fairness Act"] == "law/data-fairness-act"


def test_what_people_keep_apart_is_not_joined() -> None:
    documents = {
        "a": annotation("Organization | Green Alliance of Tavira, Green Alliance"),
        "b": annotation("Organization | Green Alliance"),
    }
    together = ids(documents)
    assert len(nodes(together, "Green Alliance")) == 1
    found = ids(
        documents,
        "apart organization/green-alliance organization/green-alliance-of-tavira",
    )
    assert found["b"]["Green Alliance"] == "organization/green-alliance"


def test_what_people_keep_apart_may_bear_accents_and_legal_forms() -> None:
    documents = {
        "a": annotation(
            "Person | Viktor Orbán, Orbán\nCompany | Nordlys Grid AG, Nordlys"
        ),
        "b": annotation("Person | Orbán\nCompany | Nordlys"),
    }
    assert len(nodes(ids(documents), "Orbán", "Nordlys")) == 2
    found = ids(
        documents,
        "apart person/orbán person/viktor-orbán\n"
        "apart company/nordlys company/nordlys-grid-ag",
    )
    assert found["b"] == {"Orbán": "person/orbán", "Nordlys": "company/nordlys"}


def test_corrections_survive_more_documents_and_another_order() -> None:
    decided = "merge law/data-fairness-act law/fair-data-act"
    more = {**ACTS, "0": annotation("Law | Fair Data Act, FDA\nPolity | Tavira")}
    for order in permutations(more.items()):
        resolution = resolve(order, parse(decided, load_ontology()), EMPTY)
        assert {e.id for e in resolution.entities.values() if e.type == "Law"} == {
            "law/fair-data-act"
        }


def test_a_decision_that_meets_nothing_is_told() -> None:
    decided = parse(
        "rename law/no-such-act X\nsplit law/fair-data-act zzz Y\n"
        "reject law/fair-data-act regulates polity/x",
        load_ontology(),
    )
    resolution = resolve(ACTS.items(), decided, EMPTY)
    assert [c.line for c in resolution.unmet()] == [1, 2, 3]


def test_a_group_with_two_entries_of_the_register_gets_no_public_id() -> None:
    documents = {
        "a": annotation("GovernmentBody | Federal Grid Agency"),
        "b": annotation("Organization | Farm Guild Association"),
    }
    decided = parse(
        "merge governmentbody/federal-grid-agency organization/farm-guild-association",
        load_ontology(),
    )
    resolution = resolve(documents.items(), decided, REGISTER)
    assert {e.same_as for e in resolution.entities.values()} == {()}


def test_bodies_of_one_name_are_told_apart_by_their_polities() -> None:
    ministry = "GovernmentBody | Grand Ministry of Sums"
    of = "Grand Ministry of Sums | partOf | "
    documents = {
        "a": annotation(f"{ministry}\nPolity | Japan", of + "Japan"),
        "b": annotation(f"{ministry}\nPolity | Brazil", of + "Brazil"),
        "c": annotation(f"{ministry}\nPolity | Japan"),
        "d": annotation(ministry),
    }
    for order in (list(documents), list(reversed(documents))):
        found = resolve(((name, documents[name]) for name in order), (), EMPTY)
        a, b, c, d = (found.entities[name, "e0"] for name in documents)
        assert a == c
        assert len({a.id, b.id, d.id}) == 3
        assert a.label == "Grand Ministry of Sums (Japan)"
    only = {name: documents[name] for name in "acd"}
    found = resolve(only.items(), (), EMPTY)
    assert len({found.entities[name, "e0"].id for name in only}) == 1


def test_a_body_is_linked_by_the_polity_it_belongs_to() -> None:
    told = annotation(
        "Polity | Netherlands\nGovernmentBody | Data Protection Authority",
        "Data Protection Authority | partOf | Netherlands",
    )
    untold = annotation("GovernmentBody | Data Protection Authority")
    found = resolve([("a", told)])
    entry = found.entries[found.entities["a", "e1"].id]
    assert entry.name == "Dutch Data Protection Authority"
    assert not resolve([("b", untold)]).entries


def test_a_body_may_say_by_its_name_whose_it_is() -> None:
    british = annotation("GovernmentBody | UK Data Safety Board, Data Safety Board")
    other = annotation(
        "Polity | Canada\nGovernmentBody | Data Safety Board",
        "Data Safety Board | partOf | Canada",
    )
    found = resolve([("a", british), ("b", other)]).entities
    assert found["a", "e0"] != found["b", "e1"]
