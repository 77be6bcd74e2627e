"""Who is meant after many changes is who is meant when all is read anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from annotations import annotation
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.corrections import parse
from kg.groups import Reference
from kg.ledger import SCHEMA, Ledger
from kg.model import Annotation, Entity
from kg.named import named_in
from kg.ontology import load_ontology
from kg.register import Entry, Register
from kg.resolve import resolve, settle, who

# Few names with much in common: short for each other, of one slug, known and unknown.
NAMES = {
    "Person": ("Ana Roe", "Roe", "Bo Roe", "Ana", "Cy Roe 2", "Cy Roe", "Cy-Roe"),
    "GovernmentBody": (
        *(
            "Trade Commission",
            "Press Commission",
            "Commission",
            "TC",
            "Board",
            "Board 2",
        ),
        *("Ministry of Finance", "Finance Ministry", "UK Safety Institute", "Board-2"),
    ),
    "Company": ("Acme", "Acme Inc.", "Acme AI", "Commission"),
    "Polity": ("Freedonia", "Sylvania", "UK"),
}
REGISTER = Register(
    [
        Entry("Trade Commission", "GovernmentBody", "", "Q1", ("TC",), "", "", "", ""),
        Entry("Ana Roe", "Person", "", "Q2", ("Ana",), "Freedonia", "", "", ""),
        Entry("Acme", "Company", "", "Q3", ("Acme AI",), "", "", "", ""),
    ]
)
DOCUMENTS = ("a", "b", "c", "d", "e")
IDS = (
    *("person/ana-roe", "person/roe", "person/cy-roe", "governmentbody/tc"),
    *("governmentbody/commission", "governmentbody/board-2", "company/acme"),
)


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:
    """Draw what a document tells."""
    named: dict[str, str] = {}
    lines = []
    for class_, known in NAMES.items():
        for names in draw(st.lists(st.lists(st.sampled_from(known), min_size=1, max_size=3), max_size=2)):  # fmt: skip
            own = [name for name in dict.fromkeys(names) if name not in named]
            if own:
                named.update(dict.fromkeys(own, class_))
                lines.append(f"{class_} | {', '.join(own)}")
    claims = []
    if len(lines) > 1:
        firsts = [line.partition(" | ")[2].split(", ")[0] for line in lines]
        pairs = st.lists(st.sampled_from(firsts), min_size=2, max_size=2, unique=True)
        for subject, object_ in draw(st.lists(pairs, max_size=4)):
            told = draw(st.sampled_from(("leads", "worksFor", "supports", "partOf")))
            sure = draw(st.sampled_from(("0.2", "0.4", "0.9")))
            claims.append(f"{subject} | {told} | {object_} | done | {sure}")
    return annotation("\n".join(lines), "\n".join(claims))


decisions = st.one_of(
    st.tuples(st.sampled_from(("merge", "apart")), st.sampled_from(IDS), st.sampled_from(IDS))
    .filter(lambda d: d[1] != d[2])
    .map(" ".join),
    st.tuples(st.just("split"), st.sampled_from(IDS), st.sampled_from(DOCUMENTS), st.sampled_from(("Roe", "Board", "Bo Roe"))).map(" ".join),
    st.tuples(st.just("rename"), st.sampled_from(IDS), st.sampled_from(("Board 2", "Ana Roe", "New"))).map(" ".join),
    st.tuples(st.just("reject"), st.sampled_from(IDS), st.just("leads"), st.sampled_from(IDS)).map(" ".join),
)  # fmt: skip
changes = st.dictionaries(
    st.sampled_from(DOCUMENTS), st.one_of(st.none(), annotations()), max_size=3
)
steps = st.lists(
    st.tuples(changes, st.lists(decisions, max_size=3)), min_size=1, max_size=5
)


def by_document(
    entities: Iterable[tuple[Reference, Entity]],
) -> dict[str, set[tuple[str, Entity]]]:
    found: dict[str, set[tuple[str, Entity]]] = {}
    for (document, key), entity in entities:
        found.setdefault(document, set()).add((key, entity))
    return found


@settings(max_examples=60)
@given(steps)
def test_after_any_changes_all_is_as_if_read_anew(
    told: list[tuple[dict[str, Annotation | None], list[str]]],
) -> None:
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.executescript(SCHEMA)
    ledger = Ledger(database, REGISTER)
    documents: dict[str, Annotation] = {}
    before: dict[str, set[tuple[str, Entity]]] = {}
    for changed, lines in told:
        for document, tells in changed.items():
            if tells is None:
                documents.pop(document, None)
                ledger.drop(document)
            else:
                documents[document] = tells
                ledger.put(document, *named_in(tells, REGISTER))
        decided = parse("\n".join(lines), load_ontology())
        verdicts, strayed = settle(ledger, decided)
        entities, entries = who(ledger, REGISTER)
        anew = resolve(sorted(documents.items()), decided, REGISTER)
        assert entities == anew.entities
        assert entries == anew.entries
        assert strayed == anew.strayed
        assert verdicts.all() == anew.verdicts.all()
        now = by_document(entities.items())
        other = {d for d in documents if now.get(d) != before.get(d)}
        assert other <= set(ledger.stale())
        before = now
        for document in ledger.stale():
            ledger.mark_stated(document, ())
    database.close()
