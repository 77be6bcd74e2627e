"""Annotated texts: one readable format, its reader and its checker.

A file in ``training/texts/`` holds many documents.  Each starts with ``# id``, a few
``key: value`` lines and a blank line; then comes the text with its marks, and at the end
the facts and the money::

    # biz-001
    voice: funding news
    date: 2024-03-02

    [Mistral AI](e1 Company) has raised [€105 million](m1). [The firm](e1 ~) is young.

    facts:
    e1 competesWith e4 planned by e2
    money:
    m1 Investment recipient=e1 amount=105000000 currency=EUR purpose="seed round"

``[surface](e1 Class)`` introduces an entity, ``[surface](e1)`` names it again,
``[surface](e1 ~)`` is a nominal or pronominal mention, ``[surface](m1)`` an amount.

    python training/texts.py check FILE...
"""

from __future__ import annotations

import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from kg.ontology import Ontology, load_ontology

_MARK = re.compile(r"\[([^\[\]]+)\]\(([em]\d+)(?: (\w+|~))?\)")
_FACT = re.compile(r"(e\d+) (\w+) (e\d+) (\w+)(?: by (e\d+))?")


@dataclass(frozen=True, slots=True)
class Mention:
    """A marked stretch of the text; ``nominal`` when it is no name."""

    start: int
    end: int
    id: str
    nominal: bool


@dataclass(frozen=True, slots=True)
class AnnotatedText:
    """One document with its annotation; ids are those of the marks."""

    id: str
    header: dict[str, str]
    text: str
    types: dict[str, str]
    mentions: tuple[Mention, ...]
    facts: tuple[tuple[str, str, str, str, str | None], ...]
    money: dict[str, dict[str, str]]
    problems: tuple[str, ...] = field(default=())


def read_texts(path: Path) -> Iterator[AnnotatedText]:
    """Yield the documents of one file; what is wrong with one stands in ``problems``."""
    for block in re.split(r"(?m)^(?=# \S+\s*$)", path.read_text("utf-8")):
        if block.startswith("# "):
            yield _read_one(block)


def _read_one(block: str) -> AnnotatedText:
    problems: list[str] = []
    head, _, rest = block.partition("\n\n")
    lines = head.splitlines()
    header = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    body, _, money_block = rest.partition("\nmoney:\n")
    body, _, fact_block = body.partition("\nfacts:\n")
    text, mentions, types = _strip_marks(body.strip(), problems)
    facts = []
    for line in filter(None, map(str.strip, fact_block.splitlines())):
        match = _FACT.fullmatch(line)
        if match:
            facts.append((match[1], match[2], match[3], match[4], match[5]))
        else:
            problems.append(f"cannot read the fact {line!r}")
    money = {}
    for line in filter(None, map(str.strip, money_block.splitlines())):
        try:
            key, kind, *parts = shlex.split(line)
            money[key] = {"kind": kind, **dict(p.split("=", 1) for p in parts)}
        except ValueError:
            problems.append(f"cannot read the money line {line!r}")
    return AnnotatedText(
        lines[0][2:].strip(),
        header,
        text,
        types,
        tuple(mentions),
        tuple(facts),
        money,
        tuple(problems),
    )


def _strip_marks(
    body: str, problems: list[str]
) -> tuple[str, list[Mention], dict[str, str]]:
    parts: list[str] = []
    mentions: list[Mention] = []
    types: dict[str, str] = {}
    at = length = 0
    for match in _MARK.finditer(body):
        before = body[at : match.start()]
        parts += [before, match[1]]
        start = length + len(before)
        length = start + len(match[1])
        at = match.end()
        tag = match[3]
        if match[2][0] == "e" and tag and tag != "~":
            if types.setdefault(match[2], tag) != tag:
                problems.append(f"{match[2]} is both {types[match[2]]} and {tag}")
        mentions.append(Mention(start, length, match[2], tag == "~"))
    text = "".join(parts) + body[at:]
    if "[" in text or "](" in text:
        problems.append("a square bracket is left in the text: a broken mark?")
    return text, mentions, types


def problems_of(document: AnnotatedText, ontology: Ontology) -> list[str]:
    """Return what is wrong with a document, in words; empty when all is well."""
    found = list(document.problems)
    for mention in document.mentions:
        surface = document.text[mention.start : mention.end]
        if surface != surface.strip():
            found.append(f"space at the edge of {surface!r}")
        if mention.id[0] == "e" and mention.id not in document.types:
            found.append(f"{mention.id} ({surface!r}) never gets a class")
        if mention.id[0] == "m" and mention.id not in document.money:
            found.append(f"{mention.id} ({surface!r}) has no money line")
        if mention.id[0] == "e" and surface.endswith(("'s", "’s")):
            found.append(f"possessive inside {surface!r}")
    marked = {mention.id for mention in document.mentions}
    for key, name in document.types.items():
        if name not in ontology.classes:
            found.append(f"{key} has the unknown class {name}")
    for subject, predicate, object_, status, by in document.facts:
        fact = f"{subject} {predicate} {object_}"
        for key in filter(None, (subject, object_, by)):
            if key not in document.types:
                found.append(f"{fact}: {key} is not marked")
        if predicate not in ontology.predicates:
            found.append(f"{fact}: unknown predicate")
        elif {subject, object_} <= document.types.keys() and not ontology.allows(
            document.types[subject], predicate, document.types[object_]
        ):
            found.append(
                f"{fact}: {document.types[subject]} {predicate} "
                f"{document.types[object_]} is outside domain and range"
            )
        if status not in ontology.statuses:
            found.append(f"{fact}: unknown status {status}")
    for key, money in document.money.items():
        if key not in marked:
            found.append(f"{key} is not marked in the text")
        if money["kind"] not in ontology.money_kinds:
            found.append(f"{key}: unknown kind {money['kind']}")
        if money.get("status", "done") not in ontology.statuses:
            found.append(f"{key}: unknown status {money['status']}")
        for role in ("payer", "recipient", "by"):
            for entity in filter(None, money.get(role, "").split(",")):
                if entity not in document.types:
                    found.append(f"{key}: {role} {entity} is not marked")
        try:
            Decimal(money.get("amount", "0"))
        except InvalidOperation:
            found.append(f"{key}: the amount {money['amount']} is no number")
    return found


def main() -> int:
    """Check the files named on the command line; return the exit code."""
    if sys.argv[1:2] != ["check"]:
        print(__doc__)
        return 2
    ontology = load_ontology()
    bad = 0
    counts: Counter[str] = Counter()
    for name in sys.argv[2:]:
        for document in read_texts(Path(name)):
            counts["documents"] += 1
            counts["words"] += len(document.text.split())
            counts["facts"] += len(document.facts)
            counts["money events"] += len(document.money)
            for problem in problems_of(document, ontology):
                bad += 1
                print(f"{name}: {document.id}: {problem}")
    print(", ".join(f"{n} {what}" for what, n in counts.items()), f"; {bad} problems")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
