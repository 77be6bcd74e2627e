"""The ontology is whole, and nothing in it is said a second time in the program."""

from __future__ import annotations

import ast
import math
import re
import subprocess
import sys
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pyshacl
import pytest
from rdflib import OWL, RDF, RDFS, SKOS, Graph, Namespace, URIRef

from kg import paths
from kg.model import (
    Document,
    DocumentGraph,
    Entity,
    Evidence,
    Fact,
    MoneyEvent,
    NamedEntity,
    Span,
)
from kg.ontology import OntologyError, load_ontology
from kg.paths import ontology_folder
from kg.rdf import DEFAULT_BASE, quads

ROOT = Path(__file__).parent.parent
ONTOLOGY = load_ontology()
TERMS = {
    **ONTOLOGY.classes,
    **ONTOLOGY.money_kinds,
    **ONTOLOGY.predicates,
    **ONTOLOGY.statuses,
}
COLOURED = [*ONTOLOGY.classes.values(), *ONTOLOGY.money_kinds.values()]
FOLDER = ontology_folder()
KG = Namespace(ONTOLOGY.namespace)
POLICY = Graph().parse(FOLDER / "policy.ttl")
DECLARED = POLICY + Graph().parse(FOLDER / "record.ttl")

BODY = "Company Organization GovernmentBody"
AGENT = f"{BODY} Person Polity"
CONCERN = f"{AGENT} Product Initiative"
# What careful readers of policy texts write down, said apart from the ontology.
SIGNATURES = {
    "leads": ("Person", f"{BODY} Polity"),
    "worksFor": ("Person", f"{BODY} Polity"),
    "memberOf": (AGENT, "Organization Polity Initiative"),
    "founded": (f"Person {BODY}", BODY),
    "partOf": (f"{BODY} Law", f"{BODY} Polity Law"),
    "owns": (AGENT, "Company Product Initiative"),
    "basedIn": (BODY, "Polity Place"),
    "locatedIn": ("Polity Place Event", "Polity Place"),
    "develops": (f"Person {BODY}", "Product"),
    "launches": (AGENT, "Initiative Event"),
    "proposes": (AGENT, "Law"),
    "enacts": (AGENT, "Law"),
    "enforces": ("GovernmentBody Organization", "Law"),
    "jurisdiction": ("Law", "Polity"),
    "amends": ("Law", "Law"),
    "regulates": ("Law", CONCERN),
    "exempts": ("Law", CONCERN),
    "violates": (f"{AGENT} Product", "Law"),
    "supports": (AGENT, f"{CONCERN} Law"),
    "opposes": (AGENT, f"{CONCERN} Law"),
    "investigates": (AGENT, f"{AGENT} Product"),
    "partnersWith": (AGENT, AGENT),
    "competesWith": ("Company Product", "Company Product"),
    "participatesIn": (AGENT, "Event Initiative"),
}


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


def test_domains_and_ranges_are_those_of_the_annotation_guide() -> None:
    read = {
        name: (term.domain, term.range) for name, term in ONTOLOGY.predicates.items()
    }
    assert read == {
        name: (frozenset(domain.split()), frozenset(range_.split()))
        for name, (domain, range_) in SIGNATURES.items()
    }
    symmetric = [name for name, term in ONTOLOGY.predicates.items() if term.symmetric]
    assert sorted(symmetric) == ["competesWith", "partnersWith"]


def test_the_ontology_says_what_it_is() -> None:
    header = next(POLICY.subjects(RDF.type, OWL.Ontology))
    said = {str(p).rpartition("/")[2] for p in POLICY.predicates(header)}
    assert {"title", "description", "license"} <= said
    assert (header, OWL.versionInfo, None) in POLICY


def test_each_term_has_one_label_one_definition_and_examples_are_unique() -> None:
    terms = {t for t in DECLARED.subjects(RDF.type) if t.startswith(str(KG))}
    assert terms > {URIRef(term.iri) for term in TERMS.values()}
    for term in terms:
        assert len(list(DECLARED.objects(term, RDFS.label))) == 1, term
        (definition,) = DECLARED.objects(term, SKOS.definition)
        assert re.match(r"[A-Z].*\.$", definition), term
    labels = list(DECLARED.objects(None, RDFS.label))
    assert len(set(labels)) == len(labels)
    examples = list(DECLARED.objects(None, SKOS.example))
    assert len(set(examples)) == len(examples)
    for name, term in TERMS.items():
        assert len(list(DECLARED.objects(URIRef(term.iri), SKOS.example))) == 1, name
        # The second sentence says what it is not.
        assert re.search(r"[a-z]\. [A-Z]", term.definition), name


def test_other_vocabularies_are_named_by_their_own_addresses() -> None:
    known = (
        "https://schema.org/",
        "http://www.w3.org/",
        "http://data.europa.eu/eli/ontology#",
        "http://xmlns.com/foaf/0.1/",
        "http://purl.org/dc/terms/",
    )
    aligned = (RDFS.subClassOf, RDFS.subPropertyOf, SKOS.closeMatch, KG.closeInverse)
    for relation in aligned:
        for term, outside in DECLARED.subject_objects(relation):
            if outside.startswith(str(KG)):
                assert (outside, RDFS.label, None) in DECLARED, term
            else:
                assert str(outside).startswith(known), (term, outside)


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
    for path in ontology_folder().rglob("*.ttl"):
        subjects = set(re.findall(r"^kg:(\w+)", path.read_text("utf-8"), re.MULTILINE))
        if path.name in {"policy.ttl", "record.ttl"}:
            declared |= subjects
        else:
            spoken |= subjects
    assert spoken - declared <= {s for s in spoken if s.endswith("Shape")}


def test_queries_name_only_terms_that_exist() -> None:
    declared = {str(term) for term in DECLARED.subjects(RDFS.label)}
    for path in paths.queries_folder().glob("*.rq"):
        lines = path.read_text("utf-8").splitlines()
        text = "\n".join(line for line in lines if not line.startswith("#"))
        for name in re.findall(r"\bkg:(\w+)", text):
            assert KG + name in declared, (path.name, name)


# How the colour-blind see linear light: Machado, Oliveira and Fernandes (2009), table of
# severity 1.0, for missing red, green and blue cones.
SIGHTS = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "no green": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "no blue": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour: str) -> list[float]:
    """Return red, green and blue as amounts of light (sRGB, IEC 61966-2-1)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]


def times(matrix: tuple[tuple[float, ...], ...], vector: list[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def cielab(colour: str, sight: str) -> list[float]:
    """Return lightness, a and b of a colour as somebody sees it (CIE 1976, D65)."""
    light = [min(1.0, max(0.0, c)) for c in times(SIGHTS[sight], linear(colour))]
    x, y, z = times(
        (
            (0.4124564, 0.3575761, 0.1804375),
            (0.2126729, 0.7151522, 0.0721750),
            (0.0193339, 0.1191920, 0.9503041),
        ),
        light,
    )
    fx, fy, fz = (
        t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116
        for t in (x / 0.95047, y, z / 1.08883)
    )
    return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)]


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_stand_out_from_white() -> None:
    for term in COLOURED:
        assert 1.05 / (luminance(term.colour) + 0.05) >= 3, term.name


@pytest.mark.parametrize(
    ("sight", "least"),
    [("full", 25), ("no red", 12), ("no green", 12), ("no blue", 12)],
)
def test_colours_differ_from_each_other(sight: str, least: float) -> None:
    for one, other in combinations(COLOURED, 2):
        distance = math.dist(cielab(one.colour, sight), cielab(other.colour, sight))
        assert distance >= least, (one.name, other.name)


def test_statuses_are_told_apart_by_line_and_by_mark() -> None:
    for look in ("line", "mark"):
        looks = {getattr(status, look) for status in ONTOLOGY.statuses.values()}
        assert len(looks) == len(ONTOLOGY.statuses)


HEX_COLOUR = r"#(?:[0-9a-fA-F]{3,4}){1,2}"


def test_no_term_or_colour_is_named_in_the_code() -> None:
    found = []
    for path in (ROOT / "kg").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if node.value in TERMS or re.fullmatch(HEX_COLOUR, node.value):
                    found.append((path.name, node.value))
            # Futures are asked whether they are done(), and threads wait for an Event.
            elif isinstance(node, ast.Attribute) and node.attr in TERMS.keys() - {
                "done",
                "Event",
            }:
                found.append((path.name, node.attr))
    assert found == []


def test_no_term_or_colour_is_named_in_the_page() -> None:
    assets = [
        p for p in (ROOT / "kg" / "assets").rglob("*") if p.suffix in {".js", ".css"}
    ]
    assert assets
    found = []
    for path in assets:
        text = path.read_text("utf-8")
        found += [(path.name, t.colour) for t in COLOURED if t.colour in text.lower()]
        found += [
            (path.name, name)
            for name in TERMS
            if re.search(rf"(['\"`]){name}\1", text)
            # The steps of an iterator have an attribute of that name too.
            or (name != "done" and re.search(rf"[\w)\]]\.{name}\b", text))
        ]
        if path.suffix == ".js":
            quoted = re.finditer(rf"(['\"`])({HEX_COLOUR})\1", text)
            found += [(path.name, match[2]) for match in quoted]
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
    shapes = derived_shapes()
    labels = "<e:p> rdfs:label 'p' . <e:c> rdfs:label 'c' ."
    prefixes = (
        "@prefix kg: <https://kg.internal/ontology#> ."
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> ."
    )
    data = Graph().parse(data=prefixes + triples + labels, format="turtle")
    conforms, _, _ = pyshacl.validate(data, shacl_graph=shapes, ont_graph=POLICY)
    assert conforms is sound


def derived_shapes() -> Graph:
    shapes = POLICY.query((FOLDER / "signature-shapes.rq").read_text("utf-8")).graph
    assert shapes is not None
    return shapes


def stated(
    *, subject: str = "Person", predicate: str = "leads", object_: str = "Company"
) -> str:
    """Return the triples of a document with a planned fact and a range of money."""
    evidence = Evidence("Ada will head Bo for €5.", 0, 24, Span(0, 3), Span(14, 16))
    ends = [
        Entity(f"{t.lower()}/{n}", t, n) for t, n in ((subject, "s"), (object_, "o"))
    ]
    said = DocumentGraph(
        Document("d", "d.txt", evidence.text, "0" * 64, date="2024-02"),
        5,
        tuple(NamedEntity(end, (end.label,), 1) for end in ends),
        (
            Fact("d/f", ends[0].id, predicate, ends[1].id, "planned", 0.5, "d", (evidence,)),
        ),
        (
            MoneyEvent(
                "d/m", "Fine", (ends[1].id,), (), Decimal(5), Decimal(7), "EUR", "x",
                "2024-02-29", "done", 1.0, "d", (evidence,),
            ),
        ),
    )  # fmt: skip
    return "".join(
        f"{q.subject} {q.predicate} {q.object} .\n"
        for q in quads(said, ONTOLOGY, DEFAULT_BASE)
    )


def violations(triples: str) -> set[str]:
    statuses = "".join(
        f"<{s.iri}> a <{KG.Status}> .\n" for s in ONTOLOGY.statuses.values()
    )
    data = Graph().parse(data=triples, format="nt")
    data.parse(data=statuses, format="turtle")
    _, report, _ = pyshacl.validate(
        data,
        shacl_graph=Graph().parse(FOLDER / "shapes.ttl") + derived_shapes(),
        ont_graph=DECLARED,
    )
    shacl = Namespace("http://www.w3.org/ns/shacl#")
    return {str(message) for message in report.objects(None, shacl.resultMessage)}


def test_what_the_program_writes_is_declared_and_sound() -> None:
    triples = stated()
    for name in re.findall(rf"<{KG}(\w+)>", triples):
        assert (KG[name], RDFS.label, None) in DECLARED, name
    assert violations(triples) == set()


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        (("Law", "leads", "Company"), "the subject of 'leads' must be: person"),
        (("Person", "leads", "Law"), "the object of 'leads' must be: body or polity"),
        (
            ("Law", "partOf", "Polity"),
            "'is part of' links what is a law only to what is one too",
        ),
        (
            ("Company", "partOf", "Law"),
            "'is part of' links what is a law only to what is one too",
        ),
    ],
)
def test_signatures_hold_for_facts_that_are_not_asserted(
    ends: tuple[str, str, str], message: str
) -> None:
    subject, predicate, object_ = ends
    found = violations(stated(subject=subject, predicate=predicate, object_=object_))
    assert found == {message}


@pytest.mark.parametrize("end", ["Law", "Company"])
def test_paired_classes_may_be_linked_to_their_like(end: str) -> None:
    assert violations(stated(subject=end, predicate="partOf", object_=end)) == set()


@pytest.mark.parametrize(
    ("property_", "value", "message"),
    [
        ("status", None, "it needs exactly one status"),
        ("status", KG.done, "it needs exactly one status"),
        ("confidence", None, "it needs one confidence from 0 to 1"),
        ("confidence", "1.4", "it needs one confidence from 0 to 1"),
        ("document", None, "it needs exactly one document"),
        ("evidence", None, "it needs evidence"),
        ("quote", None, "evidence needs a sentence"),
        ("quote", "", "evidence needs a sentence"),
        ("end", "0", "evidence needs a start before its end"),
        ("objectEnd", "3", "the object must start before it ends"),
        ("subjectEnd", "0", "the subject must start before it ends"),
        (
            "amount",
            "-1",
            "an amount is one decimal number, not above the highest amount",
        ),
        (
            "amountMax",
            "4",
            "an amount is one decimal number, not above the highest amount",
        ),
        ("currency", "€", "a currency is one ISO 4217 code"),
        ("date", "2024-13", "a date is ISO 8601: 2023, 2023-06 or 2023-06-14"),
        ("path", None, "a document needs one path"),
        ("mentionCount", "0", "an entity is mentioned at least once"),
        (
            "type",
            KG.MoneyEvent,
            "'Money event' is a group: say which of its classes it is",
        ),
        ("label", None, "an entity needs a name"),
    ],
)
def test_shapes_say_what_is_wrong(
    property_: str, value: str | URIRef | None, message: str
) -> None:
    kept = []
    for line in stated().splitlines(keepends=True):
        subject, predicate, object_ = line.split(" ", 2)
        changed = line
        if predicate.endswith((f"#{property_}>", f"/{property_}>")):
            if value is None:
                continue
            if not isinstance(value, URIRef):
                literal = re.sub(r'^"[^"]*"', f'"{value}"', object_)
                changed = f"{subject} {predicate} {literal}"
            elif property_ == "type":
                changed = line.replace(str(KG.Fine), str(value))
            else:
                changed = f"{line}{subject} {predicate} <{value}> .\n"
        kept.append(changed)
    assert message in violations("".join(kept))


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


@pytest.mark.parametrize(
    ("text", "line"),
    [("kg:broken", 1), ("<a:b> <a:c> .", 1), ("# one\n<a:b> 'c' .", 2)],
)
def test_a_broken_file_is_named_with_its_line(
    tmp_path: Path, text: str, line: int
) -> None:
    (tmp_path / "bad.ttl").write_text(text, "utf-8")
    with pytest.raises(OntologyError, match=rf"bad\.ttl:{line}: "):
        load_ontology(tmp_path)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("policy.ttl", 'rdfs:label "owns" ;', "", "owns has no values of label"),
        (
            "policy.ttl",
            'rdfs:label "owns" ;',
            'rdfs:label "owns", "has" ;',
            "owns has 2 values of label",
        ),
        (
            "policy.ttl",
            'kg:inverseLabel "is owned by" ;',
            "",
            "owns has no values of inverseLabel",
        ),
        (
            "policy.ttl",
            "rdfs:range kg:Holding ;",
            "rdfs:range kg:Holdings ;",
            "owns has Holdings as its range, which holds no class of ours",
        ),
        (
            "policy.ttl",
            "rdfs:range kg:Holding ;",
            "rdfs:range [ ] ;",
            "owns has no values of range",
        ),
        (
            "policy.ttl",
            "rdfs:range kg:Holding ;",
            "rdfs:range kg:Company, kg:Product ;",
            "owns has 2 values of range",
        ),
        (
            "policy.ttl",
            'kg:pluralLabel "Laws" ;',
            "",
            "Law has no values of pluralLabel",
        ),
        (
            "display.ttl",
            "kg:Law display:order 6 ;",
            "kg:Law display:order 6, 7 ;",
            "Law has 2 values of order",
        ),
        (
            "display.ttl",
            "kg:Law display:order 6 ;",
            'kg:Law display:order "six" ;',
            "Law has 'six' as its order, which cannot be",
        ),
    ],
)
def test_an_incomplete_term_is_named_with_file_and_line(
    tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    for path in FOLDER.glob("*.ttl"):
        text = path.read_text("utf-8")
        if path.name == file:
            assert text.count(old) == 1
            text = text.replace(old, new)
            name = message.partition(" ")[0]
            lines = text.splitlines()
            line = next(
                i for i, line in enumerate(lines, 1) if line.startswith(f"kg:{name} ")
            )
        (tmp_path / path.name).write_text(text, "utf-8")
    with pytest.raises(OntologyError) as raised:
        load_ontology(tmp_path)
    assert f"{tmp_path / file}:{line}: {message}" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_class_without_a_look_is_not_left_out_silently(tmp_path: Path) -> None:
    for path in FOLDER.glob("*.ttl"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    (tmp_path / "more.ttl").write_text(
        """@prefix kg: <https://kg.internal/ontology#> .
        @prefix owl: <http://www.w3.org/2002/07/owl#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        kg:Standard a owl:Class ; rdfs:label "Standard" ; kg:pluralLabel "Standards" ;
          skos:definition "A norm." ; skos:example "ISO 42001 is out." ;
          rdfs:subClassOf kg:Cause .""",
        "utf-8",
    )
    with pytest.raises(OntologyError, match=r"more\.ttl:5: Standard has no .* colour"):
        load_ontology(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OntologyError, match="no ontology in"):
        load_ontology(tmp_path)


def test_the_ontology_is_loaded_once_and_frozen() -> None:
    assert load_ontology() is ONTOLOGY
    for part in (ONTOLOGY.classes, ONTOLOGY.predicates, ONTOLOGY.prefixes):
        with pytest.raises(TypeError):
            part["new"] = None  # type: ignore[index]


def test_loading_needs_neither_rdflib_nor_spacy() -> None:
    code = (
        "import sys; from kg.ontology import load_ontology; load_ontology();"
        "print(*{'rdflib', 'pyshacl', 'spacy'} & sys.modules.keys())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert ran.stdout.strip() == ""


def test_packaged_data_comes_before_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "kg")
    assert paths.ontology_folder() == tmp_path / "ontology"
    assert paths.weights_folder() == tmp_path / "kg" / "weights"
    (tmp_path / "kg" / "data" / "queries").mkdir(parents=True)
    assert paths.queries_folder() == tmp_path / "kg" / "data" / "queries"
    assert paths.ontology_folder() == tmp_path / "ontology"
