"""How the time to resolve entities grows with the number of mentions.

    python -m benchmarks.resolution [--up-to 100000]

The annotations are made by a seeded generator: people with posts and namesakes, bodies
with acronyms, firms with and without legal form, in documents of 25 entities.  What counts
is the time of the processor per mention: it should stay flat.
"""

from __future__ import annotations

import argparse
import platform
import random
import time
from collections.abc import Iterator

from kg.model import Annotation, Claim, Evidence, LocalEntity, Span
from kg.register import load_register
from kg.resolve import resolve

SYLLABLES = (
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ka",
    "le",
    "mi",
    "no",
    "pu",
    "ra",
    "se",
    "ti",
)
PER_DOCUMENT = 25
MENTIONS = 4  # of each entity in its document


def name(rng: random.Random, words: int) -> str:
    """Return a name of some words that nobody has."""
    return " ".join(
        "".join(rng.choices(SYLLABLES, k=rng.randint(2, 4))).title()
        for _ in range(words)
    )


def documents(mentions: int, rng: random.Random) -> Iterator[tuple[str, Annotation]]:
    """Yield documents with that many mentions in all, of a world that grows with them."""
    count = max(1, mentions // (PER_DOCUMENT * MENTIONS))
    size = max(50, count * 5)
    bodies = [name(rng, 3) for _ in range(size)]
    firms = [name(rng, 1) for _ in range(size)]
    # One in twenty people has a namesake.
    names = [name(rng, 2) for _ in range(size)]
    people = [
        (rng.choice(names) if rng.random() < 0.05 else own, rng.randrange(size))
        for own in names
    ]
    for number in range(count):
        yield f"doc-{number:06}", _document(rng, bodies, firms, people)


def _document(
    rng: random.Random,
    bodies: list[str],
    firms: list[str],
    people: list[tuple[str, int]],
) -> Annotation:
    spans = tuple(Span(i, i + 1) for i in range(MENTIONS))
    found: list[LocalEntity] = []

    def add(class_: str, *names: str) -> str:
        key = f"e{len(found)}"
        found.append(LocalEntity(key, class_, names[0], names, spans))
        return key

    claims = []
    evidence = Evidence("x", 0, 1)
    for person, post in rng.sample(people, 8):
        short = person.rpartition(" ")[2]
        named = (person, short) if rng.random() < 0.8 else (short,)
        holder, body = add("Person", *named), add("GovernmentBody", bodies[post])
        if rng.random() < 0.6:
            claims.append(Claim(holder, "leads", body, "done", 0.9, evidence))
    while len(found) < PER_DOCUMENT:
        if rng.random() < 0.5:
            add("Company", rng.choice(firms) + rng.choice(("", " Inc.", " AG")))
        else:
            full = rng.choice(bodies)
            acronym = "".join(word[0] for word in full.split())
            add("GovernmentBody", *((full, acronym) if rng.random() < 0.5 else (full,)))
    return Annotation(tuple(found), tuple(claims), (), 500)


def main() -> None:
    """Parse the arguments, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--up-to", type=int, default=100_000)
    args = parser.parse_args()
    register = load_register()
    entries = len(register.entries)
    print(f"{platform.machine()}, register of {entries:,} entries")
    print("| mentions | entities | seconds | µs a mention |")
    print("| --- | --- | --- | --- |")
    mentions = 1000
    while mentions <= args.up_to:
        made = list(documents(mentions, random.Random(7)))
        began = time.process_time()
        resolution = resolve(made, (), register)
        seconds = time.process_time() - began
        entities = len(set(resolution.entities.values()))
        each = seconds / mentions * 1e6
        print(f"| {mentions:,} | {entities:,} | {seconds:.2f} | {each:.1f} |")
        mentions *= 10


if __name__ == "__main__":
    main()
