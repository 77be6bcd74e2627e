"""The ontology is whole, and nothing in it is said a second time in the program."""

from __future__ import annotations

import ast
import re
from itertools import combinations
from pathlib import Path

import pyshacl
import pytest
from rdflib import Graph

from kg.ontology import OntologyError, load_ontology
from kg.paths import ontology_folder

ROOT = Path(__file__).parent.parent
ONTOLOGY = load_ontology()
TERMS = {
    **ONTOLOGY.classes,
    **ONTOLOGY.money_kinds,
    **ONTOLOGY.predicates,
    **ONTOLOGY.statuses,
}
COLOURED = [*ONTOLOGY.classes.values(), *ONTOLOGY.money_kinds.values()]


def test_all_terms_of_the_annotation_guide_are_there() -> None:
    assert len(ONTOLOGY.classes) == 10
    assert len(ONTOLOGY.predicates) == 24
    assert len(ONTOLOGY.money_kinds) == 3
    assert [s.asserted for s in ONTOLOGY.statuses.values()] == [
        True,
        False,
        False,
        False,
    ]


def test_labels_and_examples_are_unique() -> None:
    for part in (ONTOLOGY.classes, ONTOLOGY.money_kinds):
        assert len({term.label for term in part.values()}) == len(part)
    examples = [
        t.example
        for part in (ONTOLOGY.classes, ONTOLOGY.money_kinds, ONTOLOGY.predicates)
        for t in part.values()
    ]
    assert len(set(examples)) == len(examples)
    for term in TERMS.values():
        assert term.definition.endswith(".")


def test_predicates_have_domain_range_and_words() -> None:
    ways = ("verb", "noun", "title", "pattern")
    said = {
        term
        for way in ways
        for term, _ in ONTOLOGY.annotations("https://kg.internal/lexicon#" + way)
    }
    for name, predicate in ONTOLOGY.predicates.items():
        assert predicate.domain <= ONTOLOGY.classes.keys(), name
        assert predicate.domain, name
        assert predicate.range, name
        assert name in said, name


@pytest.mark.parametrize(
    ("subject", "predicate", "object_", "allowed"),
    [
        ("Person", "leads", "Company", True),
        ("Company", "leads", "Person", False),
        ("Law", "partOf", "Law", True),
        ("Law", "partOf", "Polity", False),
        ("GovernmentBody", "partOf", "Polity", True),
        ("GovernmentBody", "enforces", "Law", True),
        ("Company", "enforces", "Law", False),
        ("Product", "competesWith", "Company", True),
    ],
)
def test_signatures(subject: str, predicate: str, object_: str, allowed: bool) -> None:
    assert ONTOLOGY.allows(subject, predicate, object_) is allowed


def test_lexicon_speaks_only_of_terms_that_exist() -> None:
    declared = set()
    spoken = set()
    for path in ontology_folder().glob("*.ttl"):
        subjects = set(re.findall(r"^kg:(\w+)", path.read_text("utf-8"), re.MULTILINE))
        if path.name in {"policy.ttl", "record.ttl"}:
            declared |= subjects
        else:
            spoken |= subjects
    assert spoken - declared <= {s for s in spoken if s.endswith("Shape")}


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_stand_out_from_white_and_from_each_other() -> None:
    for term in COLOURED:
        assert 1.05 / (luminance(term.colour) + 0.05) >= 3, term.name
    for one, other in combinations(COLOURED, 2):
        channels = [
            [int(t.colour[i : i + 2], 16) for i in (1, 3, 5)] for t in (one, other)
        ]
        distance = sum((a - b) ** 2 for a, b in zip(*channels, strict=True)) ** 0.5
        # Alike colours are told apart by their shape.
        assert distance > 30 or one.shape != other.shape, (one.name, other.name)


def test_no_term_or_colour_is_named_in_the_program() -> None:
    names = set(TERMS)
    found = []
    for path in (ROOT / "kg").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            text = (
                getattr(node, "value", None) if isinstance(node, ast.Constant) else None
            )
            if isinstance(text, str):
                if text in names or re.fullmatch(r"#[0-9a-fA-F]{6}", text):
                    found.append((path.name, text))
            elif isinstance(node, ast.Attribute) and node.attr in names - {"done"}:
                found.append((path.name, node.attr))
    colours = {term.colour for term in COLOURED}
    for path in (ROOT / "kg" / "assets").glob("*"):
        text = path.read_text("utf-8")
        found += [(path.name, c) for c in sorted(colours) if c in text.lower()]
        found += [
            (path.name, n)
            for n in sorted(names)
            if f"'{n}'" in text or f'"{n}"' in text
        ]
    assert found == []


@pytest.mark.parametrize(
    ("triples", "sound"),
    [
        ("<e:p> a kg:Person . <e:c> a kg:Company . <e:p> kg:leads <e:c> .", True),
        ("<e:p> a kg:Law . <e:c> a kg:Company . <e:p> kg:leads <e:c> .", False),
        ("<e:p> a kg:Person . <e:c> a kg:Law . <e:p> kg:leads <e:c> .", False),
    ],
)
def test_shapes_derived_from_signatures_reject_wrong_ends(
    triples: str, sound: bool
) -> None:
    folder = ontology_folder()
    terms = Graph().parse(folder / "policy.ttl")
    shapes = terms.query((folder / "signature-shapes.rq").read_text("utf-8")).graph
    labels = "<e:p> rdfs:label 'p' . <e:c> rdfs:label 'c' ."
    prefixes = (
        "@prefix kg: <https://kg.internal/ontology#> ."
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> ."
    )
    data = Graph().parse(data=prefixes + triples + labels, format="turtle")
    conforms, _, _ = pyshacl.validate(data, shacl_graph=shapes, ont_graph=terms)
    assert conforms is sound


def test_a_new_predicate_needs_no_change_of_the_program(tmp_path: Path) -> None:
    for path in ontology_folder().glob("*.ttl"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    (tmp_path / "more.ttl").write_text(
        """@prefix kg: <https://kg.internal/ontology#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        kg:mentors rdfs:label "mentors" ; kg:inverseLabel "is mentored by" ;
          skos:definition "Teaches." ; skos:example "Ada mentors Bo." ;
          rdfs:domain kg:Person ; rdfs:range kg:Agent .""",
        "utf-8",
    )
    assert load_ontology(tmp_path).allows("Person", "mentors", "Company")


@pytest.mark.parametrize("text", ["kg:broken", "<a:b> <a:c> ."])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.ttl").write_text(text, "utf-8")
    with pytest.raises(OntologyError, match=r"bad\.ttl"):
        load_ontology(tmp_path)
