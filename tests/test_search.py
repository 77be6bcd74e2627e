"""Search finds names and sentences by their words, and is never apart from the graph."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from annotations import annotation
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from kg.building import remove, restate
from kg.cli import main
from kg.corrections import FILE as CORRECTIONS
from kg.errors import StoreError, UsageError
from kg.model import Annotation, Document, Evidence, MoneyClaim
from kg.ontology import load_ontology
from kg.records import read_records
from kg.search import NameHit, SentenceHit, search
from kg.shelf import FILE, Shelf
from kg.store import GraphStore

PARIS = annotation(
    """
    Person | Emmanuel Macron, Macron
    Polity | France
    Company | Mistral AI, Mistral
    Law | AI Act, Artificial Intelligence Act
    """,
    """
    Macron | leads | France
    Macron | opposes | AI Act | planned | 0.9
    France | supports | Mistral
    """,
)
BRUSSELS = annotation(
    """
    Polity | European Union, EU
    Person | Élise Düräk, Durak of Köln
    Law | AI Act
    Organization | Europe Forward
    Company | Anthropic
    """,
    """
    AI Act | jurisdiction | EU
    Élise Düräk | leads | Europe Forward
    AI Act | regulates | Anthropic | possible | 0.9
    """,
)
SUM = "France will hand Mistral €40 million, Macron said."
MONEY = MoneyClaim(
    kind="Investment",
    payer=("e1",),
    recipient=("e2",),
    amount=Decimal(40_000_000),
    amount_max=None,
    currency="EUR",
    purpose=None,
    date=None,
    status="planned",
    confidence=0.9,
    evidence=Evidence(SUM, 900, 900 + len(SUM)),
    attributed_to="e0",
)
NEWS = {"paris": replace(PARIS, money=(MONEY,)), "brussels": BRUSSELS}


def shelve(output: Path, documents: dict[str, Annotation]) -> None:
    """Put documents on a shelf as a build does before it states the graph."""
    shelf = Shelf.open(output, writable=True)
    for name, found in documents.items():
        text = f"the text of {name}"
        document = Document(
            f"{name}-1", f"{name}.txt", text, "00", name.title(), "2024-05-06"
        )
        shelf.put(f"/texts/{name}.txt", "mark", "pipeline", document, found)
    shelf.close()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("search")
    shelve(output, NEWS)
    restate(output)
    return output


@pytest.fixture
def output(built: Path, tmp_path: Path) -> Path:
    """Return a graph of its own, to be changed."""
    return Path(shutil.copytree(built, tmp_path / "out"))


def names(output: Path, words: str, **options: object) -> list[str]:
    hits = search(output, words, **options)  # type: ignore[arg-type]
    return [hit.label for hit in hits if isinstance(hit, NameHit)]


def sentences(output: Path, words: str, **options: object) -> list[str]:
    hits = search(output, words, **options)  # type: ignore[arg-type]
    return [hit.text for hit in hits if isinstance(hit, SentenceHit)]


# -------------------------------------------------------------------- what is found


def test_names_come_first_with_all_that_is_known_of_them(built: Path) -> None:
    hit, *rest = search(built, "AI Act")
    assert hit == NameHit(
        "law/ai-act", "Law", "AI Act", ("Artificial Intelligence Act",), 2, 2
    )
    assert len(rest) == 3
    assert all(isinstance(other, SentenceHit) for other in rest)


def test_a_sentence_tells_where_it_stands_and_what_it_is_evidence_of(
    built: Path,
) -> None:
    (hit,) = search(built, "hand")
    assert isinstance(hit, SentenceHit)
    assert (hit.text, hit.document, hit.path) == (SUM, "paris-1", "paris.txt")
    assert (hit.title, hit.date, hit.start) == ("Paris", "2024-05-06", 900)
    (told,) = hit.told
    assert (told.type, told.status, told.amount) == (
        "Investment",
        "planned",
        "€40 million",
    )
    assert [party.label for party in told.subjects + told.objects] == [
        "France",
        "Mistral AI",
    ]
    assert told.attributed_to is not None
    assert told.attributed_to.id == "person/emmanuel-macron"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("macron", ["Emmanuel Macron"]),
        ("MACRON emmanuel", ["Emmanuel Macron"]),
        ("emmanuel mac", ["Emmanuel Macron"]),  # the last word may go on
        ("emma macron", []),  # no other may
        ("elise durak", ["Élise Düräk"]),
        ("ÉLISE", ["Élise Düräk"]),
        ("koln", ["Élise Düräk"]),
        ("artificial act", ["AI Act"]),
        ('"artificial act"', []),
        ('"artificial intelligence" act', ["AI Act"]),
        ("“artificial intelligence”", ["AI Act"]),
        ('"artificial intell"', []),  # what is quoted is whole
        ('"artificial intell', ["AI Act"]),  # a quote that is never closed
        ("E.U.", ["European Union"]),
        ("EU", ["European Union", "Europe Forward"]),  # the whole word is better
        ("nobody", []),
    ],
)
def test_words_find_names(built: Path, words: str, expected: list[str]) -> None:
    assert names(built, words) == expected


def test_an_acronym_finds_both_of_its_spellings(output: Path) -> None:
    texts = {"bonn": "Person | A. U.S. Braun", "rome": "Person | US Bruni"}
    shelve(output, {name: annotation(line) for name, line in texts.items()})
    restate(output)
    for words in ("US", "U.S."):
        assert sorted(names(output, words)) == ["A. U.S. Braun", "US Bruni"]


def test_what_is_called_so_comes_before_what_is_also_named_so(output: Path) -> None:
    shelve(
        output,
        {
            "a": annotation("Company | Zenith Robotics, Zenith"),
            "b": annotation("Company | Zenith Robotics, Zenith"),
            "c": annotation("Place | Zenith"),
        },
    )
    restate(output)
    assert names(output, "zenith") == ["Zenith", "Zenith Robotics"]


def test_words_side_by_side_are_better(output: Path) -> None:
    told = annotation(
        "Company | Acme\nPlace | Rome",
        "Acme | basedIn | Rome\nAcme | basedIn | Rome",
    )
    near = "Acme in Rome escapes the new export ban."
    far = "Acme wants to ban export to Rome."
    claims = tuple(
        replace(claim, evidence=Evidence(text, start, start + len(text)))
        for claim, text, start in zip(told.claims, (near, far), (0, 100), strict=True)
    )
    shelve(output, {"chips": replace(told, claims=claims)})
    restate(output)
    assert sentences(output, "acme ban") == [far, near]  # the shorter is better
    assert sentences(output, "export ban") == [near, far]
    assert sentences(output, '"export ban"') == [near]


def test_hits_are_where_the_words_stand(built: Path) -> None:
    (hit,) = search(built, '"will hand" €40 macr')
    assert isinstance(hit, SentenceHit)
    found = [hit.text[span.start : span.end] for span in hit.hits]
    assert found == ["will hand", "40", "Macron"]
    (hit,) = search(built, "forward dür")
    assert isinstance(hit, SentenceHit)
    found = [hit.text[span.start : span.end] for span in hit.hits]
    assert found == ["Düräk", "Forward"]


def test_a_class_narrows_names_and_sentences(built: Path) -> None:
    assert names(built, "a", type_="Company") == ["Anthropic", "Mistral AI"]
    assert len(sentences(built, "act", type_="Law")) == 3
    assert sentences(built, "act", type_="Company") == [
        "AI Act | regulates | Anthropic | possible | 0.9"
    ]
    with pytest.raises(UsageError, match="no class 'Planet'; there are: Person"):
        search(built, "act", type_="Planet")


def test_limit_counts_names_and_sentences_apart(built: Path) -> None:
    hits = search(built, "a", limit=2)
    assert [type(hit) for hit in hits] == [NameHit] * 2 + [SentenceHit] * 2
    assert search(built, "a", limit=100)[:2] == hits[:2]


# -------------------------------------------------------------------- odd input


@pytest.mark.parametrize(
    "words",
    [
        "",
        " ",
        "!!!",
        '"',
        '""',
        '"" ""',
        "*",
        "😀",
        "\0",
        "\udcff",
        "(((",
        "^",
        "NEAR()",
        "a" * 100_000,
        "x " * 100_000,
        '"x ' * 10_000,
    ],
)
def test_odd_words_find_nothing(built: Path, words: str) -> None:
    assert search(built, words) == []


@pytest.mark.parametrize(
    "words",
    [
        "macron OR anthropic",
        "macron AND france",
        "NOT macron",
        "text: macron",
        "macron NEAR france",
        "mac* ron",
        "-macron",
    ],
)
def test_words_are_never_operators(built: Path, words: str) -> None:
    plain = "".join(c if c.isalnum() else " " for c in words).lower()
    assert search(built, words) == search(built, plain)


@given(st.text(st.characters(), max_size=40))
def test_no_words_are_refused(built: Path, words: str) -> None:
    for hit in search(built, words):
        if isinstance(hit, SentenceHit):
            assert all(0 <= s.start < s.end <= len(hit.text) for s in hit.hits)


# -------------------------------------------------------------------- in step


def found_in(output: Path) -> tuple[list[NameHit], dict[tuple[str, int], set[str]]]:
    """Return all names in the index, and what each sentence is evidence of."""
    database = sqlite3.connect(output / FILE)
    labels = {label for (label,) in database.execute("SELECT text FROM search_names")}
    texts = {text for (text,) in database.execute("SELECT text FROM search_sentences")}
    database.close()
    entities: set[NameHit] = set()
    said = {}
    for words in labels | texts:
        for hit in search(output, words, limit=1000):
            if isinstance(hit, NameHit):
                entities.add(hit)
            else:
                ids = {told.id for told in hit.told}
                said[hit.document, hit.start] = ids
    return sorted(entities, key=lambda hit: hit.id), said


def told_by(output: Path) -> tuple[list[NameHit], dict[tuple[str, int], set[str]]]:
    """Return the same of the graph itself."""
    records = read_records(GraphStore.open(output), load_ontology())
    entities = [
        NameHit(
            e["id"],
            e["type"],
            e["label"],
            tuple(e["aliases"]),
            e["mentions"],
            len(e["documents"]),
        )
        for e in records["entities"]
    ]
    said: dict[tuple[str, int], set[str]] = defaultdict(set)
    for item in records["facts"] + records["money"]:
        for evidence in [item["evidence"], *item["furtherEvidence"]]:
            said[item["document"], evidence["start"]].add(item["id"])
    return entities, dict(said)


def row_ids(output: Path) -> dict[str, list[int]]:
    """Return which rows of the index are whose."""
    database = sqlite3.connect(output / FILE)
    rows: dict[str, list[int]] = defaultdict(list)
    for document, id_ in database.execute(
        "SELECT document, id FROM search_names"
        " UNION ALL SELECT document, id FROM search_sentences"
    ):
        rows[document].append(id_)
    # FTS5 checks itself that its words are those of the texts.
    database.executescript(
        """
        INSERT INTO search_names_words (search_names_words, rank)
        VALUES ('integrity-check', 1);
        INSERT INTO search_sentences_words (search_sentences_words, rank)
        VALUES ('integrity-check', 1);
        """
    )
    database.close()
    return dict(rows)


@pytest.mark.parametrize(
    "decision",
    [
        "merge law/ai-act organization/europe-forward",
        'rename person/emmanuel-macron "The President"',
        "retype company/anthropic Organization",
        "reject person/emmanuel-macron leads polity/france",
        "reject law/ai-act regulates company/anthropic",
    ],
)
def test_what_people_correct_is_found_as_corrected(output: Path, decision: str) -> None:
    before = found_in(output)
    assert before == told_by(output)
    corrections = output / CORRECTIONS
    corrections.write_text(decision + "\n", "utf-8")
    assert restate(output) == ()
    assert found_in(output) == told_by(output) != before
    corrections.write_text("", "utf-8")
    restate(output)
    assert found_in(output) == before
    row_ids(output)


def test_a_removed_document_is_found_no_more(output: Path) -> None:
    remove(["brussels-1"], output)
    assert found_in(output) == told_by(output)
    assert search(output, "anthropic") == []
    assert list(row_ids(output)) == ["paris-1"]


def test_a_changed_document_is_found_as_it_is_now(output: Path) -> None:
    rows = row_ids(output)
    shelve(output, {"paris": annotation("Person | Emmanuel Macron")})
    # What is read but not yet stated is neither in the graph nor found.
    assert names(output, "mistral") == ["Mistral AI"]
    restate(output)
    assert found_in(output) == told_by(output)
    assert search(output, "mistral") == []
    # Of the other document nothing has changed, so it is not indexed again.
    assert row_ids(output)["brussels-1"] == rows["brussels-1"]


def test_an_old_folder_gets_its_index_with_the_next_build(output: Path) -> None:
    before = found_in(output)
    database = sqlite3.connect(output / FILE)
    for table in ("names_words", "sentences_words", "names", "sentences"):
        database.execute(f"DROP TABLE search_{table}")
    for table in ("entities", "documents"):
        database.execute(f"DROP TABLE search_{table}")
    database.execute("PRAGMA user_version = 1")
    database.close()
    with pytest.raises(StoreError, match="run `kg build` again"):
        search(output, "macron")
    restate(output)
    assert found_in(output) == before
    rows = row_ids(output)
    restate(output)
    assert row_ids(output) == rows


KILLED = """
import os, sys
from pathlib import Path
from kg import search_index
from kg.building import restate

put, done = search_index.put, []

def die(database, graph):
    put(database, graph)
    done.append(graph)
    if len(done) == 2:
        os._exit(9)

search_index.put = die
restate(Path(sys.argv[1]))
"""


def test_a_killed_build_leaves_nothing_half_indexed(
    tmp_path: Path, built: Path
) -> None:
    output = tmp_path / "out"
    shelve(output, NEWS)
    done = subprocess.run([sys.executable, "-c", KILLED, str(output)])
    assert done.returncode == 9
    assert list(row_ids(output)) == []  # documents are indexed when all are on the disk
    restate(output)
    assert names(output, "forward") == ["Europe Forward"]
    assert found_in(output) == told_by(output) == found_in(built)


def test_search_goes_on_while_a_build_writes(output: Path) -> None:
    before = search(output, "a")
    writer = sqlite3.connect(output / FILE, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    writer.execute("DELETE FROM search_names")
    assert search(output, "a") == before
    writer.execute("ROLLBACK")
    writer.close()


def test_no_graph_and_a_damaged_one_are_told(output: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="run `kg build` first"):
        search(tmp_path / "none", "macron")
    for left_over in output.glob(f"{FILE}-*"):
        left_over.unlink()
    (output / FILE).write_bytes(b"this is no database" * 1000)
    with pytest.raises(StoreError, match="damaged: delete"):
        search(output, "macron")


# -------------------------------------------------------------------- the command


def kg_search(output: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["search", *arguments, "-o", str(output)])


def test_command_shows_names_then_sentences(built: Path) -> None:
    result = kg_search(built, "act", "--class", "Law")
    assert result.exit_code == 0
    assert result.stdout.startswith(
        "AI Act  Law, 2 mentions in 2 documents\n"
        "    also named Artificial Intelligence Act\n"
    )
    assert "    Emmanuel Macron opposes AI Act  [planned]\n" in result.stdout
    result = kg_search(built, "hand", "mistral")
    assert result.stdout == (
        f"“{SUM}”\n"
        f"    paris.txt, 2024-05-06, characters 900–{900 + len(SUM)}\n"
        "    Investment of €40 million from France to Mistral AI"
        "  [planned; says Emmanuel Macron]\n\n"
    )


def test_command_emphasises_hits_on_a_terminal(built: Path) -> None:
    arguments = ["search", "mistral", "hand", "-o", str(built)]
    result = CliRunner().invoke(main, arguments, color=True)
    assert "\x1b[1mhand\x1b[0m \x1b[1mMistral\x1b[0m €40" in result.stdout


def test_command_gives_json(built: Path) -> None:
    found = json.loads(kg_search(built, "macron", "--json").stdout)
    assert [name["id"] for name in found["names"]] == ["person/emmanuel-macron"]
    assert {hit["document"] for hit in found["sentences"]} == {"paris-1"}


def test_command_says_when_there_is_nothing_and_when_there_may_be_more(
    built: Path,
) -> None:
    nothing = kg_search(built, "nobody")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert nothing.stderr == (
        "nothing is found: names are searched, and sentences that say a fact or sum\n"
    )
    assert "--limit" in kg_search(built, "a", "--limit", "1").stderr
    assert kg_search(built, "act", "--class", "Planet").exit_code == 2
    assert kg_search(built).exit_code == 2
