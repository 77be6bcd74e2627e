"""Long texts in parts: what is found in each is put together again.

What the pipeline keeps of a text while it reads it grows with the text, some 25 MB for a
thousand words: a law of 300 pages would take four gigabytes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from kg.model import Annotation, Claim, Evidence, LocalEntity, MoneyClaim, Span

LENGTH = 60_000
"""Characters of a part at most: ten thousand words of English."""

WORDS = 15_000
"""Words and signs of a part at most, where words are short."""

_WORD = re.compile(r"\w+|[^\w\s]")
_ENDS = ("\n\n", "\n", ". ", " ")  # where a part may end, the best first

Named = tuple[str, str]
"""A class, and a name in comparable form."""


def parts(text: str) -> list[Span]:
    """Return the parts of a text, most of which end with a paragraph."""
    found = []
    start = 0
    while (most := _most(text, start)) < len(text):
        ends = (_end(text, (start + most) // 2, most, mark) for mark in _ENDS)
        found.append(Span(start, next(filter(None, ends), most)))
        start = found[-1].end
    return [*found, Span(start, len(text))]


def _most(text: str, start: int) -> int:
    """Return where a part that begins somewhere has to end."""
    end = min(start + LENGTH, len(text))
    if end - start > WORDS:
        words = _WORD.finditer(text, start, end)
        beyond = next(islice(words, WORDS, None), None)
        return beyond.start() if beyond else end
    return end


def _end(text: str, low: int, high: int, mark: str) -> int:
    at = text.rfind(mark, low, high)
    return at + len(mark) if at >= 0 else 0


def joined(found: Sequence[tuple[int, Annotation]]) -> Annotation:
    """Put together what was found in the parts of one text.

    Two things of one class and name are one, and so are a thing and the only one of its
    class that goes by its name as well, as within a part.

    Args:
        found: Where each part begins, and its annotation.
    """
    groups: dict[Named, list[tuple[int, LocalEntity]]] = defaultdict(list)
    of_part: dict[tuple[int, str], Named] = {}
    for number, (offset, annotation) in enumerate(found):
        for entity in annotation.entities:
            named = (entity.type, entity.label.casefold())
            groups[named].append((offset, entity))
            of_part[number, entity.key] = named
    meant = _longer_names(groups)
    entities = []
    keys: dict[Named, str] = {}
    members: dict[Named, list[tuple[int, LocalEntity]]] = defaultdict(list)
    for named, group in groups.items():
        members[meant[named]] += group
    for number, (named, group) in enumerate(members.items()):
        keys[named] = f"e{number}"
        entities.append(_one(keys[named], groups[named][0][1].label, group))
    claims: list[Claim] = []
    money: list[MoneyClaim] = []
    for number, (offset, annotation) in enumerate(found):
        own = {e.key: keys[meant[of_part[number, e.key]]] for e in annotation.entities}
        claims += (_claim(claim, own, offset) for claim in annotation.claims)
        money += (_sum(event, own, offset) for event in annotation.money)
    words = sum(annotation.words for _, annotation in found)
    return Annotation(
        tuple(entities), tuple(claims), tuple(money), words, found[0][1].date
    )


def _longer_names(
    groups: Mapping[Named, Sequence[tuple[int, LocalEntity]]],
) -> dict[Named, Named]:
    """Return for each thing itself, or the only other one that its name is short for."""
    users: dict[Named, set[Named]] = defaultdict(set)
    for named, group in groups.items():
        for name in {name.casefold() for _, entity in group for name in entity.names}:
            if len(name) < len(named[1]):
                users[named[0], name].add(named)
    meant: dict[Named, Named] = {}
    for named in sorted(groups, key=lambda named: (-len(named[1]), named)):
        (longer, *others) = users[named] or {named}
        meant[named] = named if others else meant.get(longer, longer)
    return meant


def _one(key: str, label: str, group: Sequence[tuple[int, LocalEntity]]) -> LocalEntity:
    names = dict.fromkeys(name for _, entity in group for name in entity.names)
    mentions = [_moved(m, offset) for offset, entity in group for m in entity.mentions]
    mentions.sort(key=lambda span: span.start)
    label_first = tuple(dict.fromkeys((label, *names)))
    return LocalEntity(key, group[0][1].type, label, label_first, tuple(mentions))


def _moved(span: Span, offset: int) -> Span:
    return Span(span.start + offset, span.end + offset)


def _evidence(evidence: Evidence, offset: int) -> Evidence:
    return Evidence(
        evidence.text,
        evidence.start + offset,
        evidence.end + offset,
        evidence.subject and _moved(evidence.subject, offset),
        evidence.object and _moved(evidence.object, offset),
    )


def _claim(claim: Claim, keys: Mapping[str, str], offset: int) -> Claim:
    return replace(
        claim,
        subject=keys[claim.subject],
        object=keys[claim.object],
        attributed_to=claim.attributed_to and keys[claim.attributed_to],
        evidence=_evidence(claim.evidence, offset),
    )


def _sum(event: MoneyClaim, keys: Mapping[str, str], offset: int) -> MoneyClaim:
    return replace(
        event,
        payer=tuple(keys[key] for key in event.payer),
        recipient=tuple(keys[key] for key in event.recipient),
        attributed_to=event.attributed_to and keys[event.attributed_to],
        evidence=_evidence(event.evidence, offset),
    )
