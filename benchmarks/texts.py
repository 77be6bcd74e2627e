"""A seeded generator of policy texts, with the annotation that a reader would make.

    python -m benchmarks.texts 1000 /tmp/texts

Each document is made from its number alone, so that the first thousand of a hundred
thousand are the thousand of a smaller run.  Names come from an endless world in which few
are named often and most hardly ever (a Pareto tail: the number of different names grows
with the power .7 of the number of mentions, as vocabularies do); a tenth of the people
share their surname with a well-known one, and short names follow full ones as in news.
The annotation spares the pipeline where only what follows it is measured.
"""

from __future__ import annotations

import hashlib
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from benchmarks.resolution import SYLLABLES
from kg.model import (
    Annotation,
    Claim,
    Document,
    Evidence,
    LocalEntity,
    MoneyClaim,
    Span,
)

SEED = 7
TAIL = 0.7  # exponent of the Pareto distribution of names
HEAD = 20.0  # how flat it begins: the commonest name has some 3 % of the mentions
SENTENCES = (8, 26)  # of a document
_SYLLABLES = [*SYLLABLES, "vel", "mar", "ton", "den", "sko", "bry", "lin"]
_SLOT = re.compile(r"\{(\w+)\}")

# Kinds of slots: P person, B body, C company, L law, N polity, D product; small letters
# are words.  A claim names slots; one in five sentences tells none.
_TOLD: tuple[tuple[str, tuple[str, str, str] | None], ...] = (
    ("{P}, {post} of {B}, said the {adjective} plan would {verb} {thing}.", ("P", "leads", "B")),
    ("{C} appointed {P} as chief executive in {month}.", ("P", "leads", "C")),
    ("{P}, who works for {C}, called the {thing} {adjective}.", ("P", "worksFor", "C")),
    ("{B} opened an inquiry into {C} over its {thing}.", ("B", "investigates", "C")),
    ("The {adjective} rules of {L} apply to {C} from {month}.", ("L", "regulates", "C")),
    ("{N} adopted {L} after {adjective} talks about {thing}.", ("N", "enacts", "L")),
    ("{C} competes with {C2} for {adjective} {thing}.", ("C", "competesWith", "C2")),
    ("{C} develops {D}, which helps officials {verb} {thing}.", ("C", "develops", "D")),
    ("{P} supports {L} and asked ministers to {verb} {thing}.", ("P", "supports", "L")),
    ("In {month}, {N} and {N2} agreed to {verb} {adjective} {thing}.", None),
    ("Critics say that the {thing} will hardly {verb} what {B} calls {adjective}.", None),
    ("Officials expect the {adjective} {thing} to {verb} the market by {month}.", None),
    ("{B} is part of the government of {N} and oversees {thing}.", ("B", "partOf", "N")),
)  # fmt: skip
_SUMS = (
    "{N} will invest {sum} in {C} to {verb} {thing}.",
    "{C} raised {sum} from {C2} for its {adjective} {thing}.",
    "{B} fined {C} {sum} over {adjective} {thing}.",
)
_WORDS = {
    "post": ["minister", "president", "director", "chair", "head", "commissioner"],
    "adjective": [
        "new",
        "careful",
        "costly",
        "national",
        "open",
        "narrow",
        "public",
        "early",
        "broad",
        "temporary",
        "strict",
        "regional",
        "digital",
        "long",
        "quiet",
        "industrial",
    ],
    "verb": [
        "slow",
        "support",
        "reshape",
        "protect",
        "finance",
        "replace",
        "measure",
        "regulate",
        "open",
        "simplify",
        "strengthen",
        "test",
        "explain",
    ],
    "thing": [
        "data centres",
        "language models",
        "export controls",
        "school software",
        "chip factories",
        "public registers",
        "training data",
        "safety tests",
        "tax credits",
        "research grants",
        "energy prices",
        "cloud contracts",
        "border checks",
        "open standards",
        "patents",
    ],
    "month": ["January", "March", "April", "June", "September", "October", "November"],
}
_CLASSES = {
    "P": "Person",
    "B": "GovernmentBody",
    "C": "Company",
    "L": "Law",
    "N": "Polity",
    "D": "Product",
}
_POLITIES = [
    "France",
    "Germany",
    "Italy",
    "Spain",
    "Poland",
    "Canada",
    "Japan",
    "Brazil",
    "India",
    "Kenya",
    "Chile",
    "Norway",
    "Sweden",
    "Portugal",
    "Greece",
    "Mexico",
    "Egypt",
    "Ghana",
    "Peru",
    "Vietnam",
]


@dataclass
class _Draft:
    """A document that is being made: its text so far, and what is in it."""

    rng: random.Random
    text: str = ""
    spans: dict[tuple[str, int], list[Span]] = field(default_factory=dict)
    names: dict[tuple[str, int], dict[str, None]] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    money: list[MoneyClaim] = field(default_factory=list)


def documents(count: int, first: int = 0) -> Iterator[tuple[Document, Annotation]]:
    """Yield documents by their numbers, each with what it tells."""
    for number in range(first, first + count):
        yield document(number)


def document(number: int, version: int = 0) -> tuple[Document, Annotation]:
    """Return one document; another version of it is a changed file of the same name."""
    draft = _Draft(random.Random(f"{SEED}/{number}/{version}"))
    rng = draft.rng
    draft.text = f"{_filled('{adjective} {thing}', rng).capitalize()} in brief\n\n"
    for i in range(rng.randint(*SENTENCES)):
        if i:
            draft.text += "\n\n" if i % 5 == 0 else " "
        if rng.random() < 0.12:
            _say(draft, rng.choice(_SUMS), None)
        else:
            _say(draft, *rng.choice(_TOLD))
    sha = hashlib.sha256(draft.text.encode()).hexdigest()
    date = f"202{number % 6}-0{1 + number % 9}-1{number % 10}"
    name = f"text-{number:06}"
    keys = {thing: f"e{i}" for i, thing in enumerate(draft.spans)}
    entities = tuple(
        LocalEntity(
            keys[thing],
            _CLASSES[thing[0]],
            max(draft.names[thing], key=len),
            tuple(sorted(draft.names[thing], key=len, reverse=True)),
            tuple(spans),
        )
        for thing, spans in draft.spans.items()
    )
    words = len(draft.text.split())
    return (
        Document(f"{name}-{sha[:8]}", f"{name}.txt", draft.text, sha, date=date),
        Annotation(entities, tuple(draft.claims), tuple(draft.money), words, date),
    )


def _say(draft: _Draft, template: str, claim: tuple[str, str, str] | None) -> None:
    """Add a sentence and what it tells."""
    rng, start = draft.rng, len(draft.text)
    things: dict[str, tuple[str, int]] = {}
    at: dict[str, Span] = {}
    end = 0
    for match in _SLOT.finditer(template):
        draft.text += template[end : match.start()]
        end, slot = match.end(), match[1]
        if slot == "sum":
            place = len(draft.text)
            draft.text += f"€{rng.randint(2, 900)} million"
            at[slot] = Span(place, len(draft.text))
        elif slot in _WORDS:
            draft.text += rng.choice(_WORDS[slot])
        else:
            things[slot] = thing = (slot[0], _rank(rng, slot[0]))
            at[slot] = _name(draft, thing)
    draft.text += template[end:]
    evidence = (draft.text[start:], start, len(draft.text))
    order = {thing: f"e{i}" for i, thing in enumerate(draft.spans)}
    if claim is not None:
        subject, predicate, object_ = claim
        if things[subject] != things[object_]:
            draft.claims.append(
                Claim(
                    order[things[subject]],
                    predicate,
                    order[things[object_]],
                    "done",
                    round(rng.uniform(0.4, 1), 3),
                    Evidence(*evidence, at[subject], at[object_]),
                )
            )
    if "sum" in at:
        payer, recipient = (order[things[slot]] for slot in list(things)[:2])
        amount = Decimal(re.sub(r"\D", "", draft.text[at["sum"].start : at["sum"].end]))
        draft.money.append(
            MoneyClaim(
                "Investment",
                (payer,),
                (recipient,) if payer != recipient else (),
                amount * 1_000_000,
                None,
                "EUR",
                None,
                None,
                "planned",
                round(rng.uniform(0.4, 1), 3),
                Evidence(*evidence, None, at["sum"]),
            )
        )


def _name(draft: _Draft, thing: tuple[str, int]) -> Span:
    """Name a thing: in full at first, often shortly after."""
    full = name_of(*thing)
    known = draft.names.setdefault(thing, {})
    short = full
    if full in known and draft.rng.random() < 0.6:
        if thing[0] == "P":
            short = full.rpartition(" ")[2]
        elif thing[0] == "B":
            short = "".join(word[0] for word in full.split() if word[0].isupper())
    known[short] = None
    span = Span(len(draft.text), len(draft.text) + len(short))
    draft.text += short
    draft.spans.setdefault(thing, []).append(span)
    return span


def _filled(template: str, rng: random.Random) -> str:
    return _SLOT.sub(lambda m: rng.choice(_WORDS[m[1]]), template)


def _rank(rng: random.Random, kind: str) -> int:
    """Draw which thing of a kind is named: low numbers often, high ones hardly ever."""
    if kind == "N":
        return rng.randrange(len(_POLITIES))
    return min(int(HEAD * (rng.paretovariate(TAIL) - 1)), 10**9)


@lru_cache(maxsize=100_000)
def name_of(kind: str, rank: int) -> str:
    """Return the name of a thing, always the same."""
    rng = random.Random(f"{SEED}/{kind}/{rank}")
    if kind == "N":
        return _POLITIES[rank]
    if kind == "P":
        if rank >= 50 and rng.random() < 0.1:
            return f"{_word(rng)} {name_of('P', rank % 50).split()[1]}"
        return f"{_word(rng)} {_word(rng)}"
    if kind == "B":
        what = rng.choice(("Ministry", "Agency", "Office", "Commission", "Board"))
        return f"{_word(rng)} {what} of {_word(rng)} {_word(rng)}"
    if kind == "L":
        return f"{_word(rng)} {_word(rng)} Act"
    if kind == "C":
        return _word(rng) + rng.choice(("", " AI", " Inc.", " Systems", " Group"))
    return f"{_word(rng)}-{rank % 9 + 1}"


def _word(rng: random.Random) -> str:
    return "".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4))).capitalize()


def write(count: int, folder: Path) -> None:
    """Write the first texts to a folder, a file each."""
    folder.mkdir(parents=True, exist_ok=True)
    for made, _ in documents(count):
        (folder / made.path).write_text(made.text, "utf-8")


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
