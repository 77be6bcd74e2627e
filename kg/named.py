"""What one document tells of who its entities are, in terms that documents share."""

from __future__ import annotations

from dataclasses import dataclass

from kg import lexicon
from kg.known import full_key, known_label
from kg.model import Annotation
from kg.namesakes import owners_of, partners_of, seats_of
from kg.register import Register

PLAIN, PERSON, BODY = "plain", "person", "body"
"""What is told apart by its name alone, by posts, or by the polity that it belongs to."""


@dataclass(frozen=True, slots=True)
class Named:
    """An entity of a document, by what decides which thing of the world it is.

    Attributes:
        key: Identifies it within its document.
        family: Family of its class.
        name: Its full name in comparable form.
        kind: How it is told apart from others of that name.
        type: Its class.
        mentions: How often the document names it.
        label: Its full name.
        names: All its names, sorted.
        entry: The number of the entry of the register that it is, if any.
        posts: In what a person has a post, sorted.
        ties: With what a person has to do, sorted.
        owner: The polity that it belongs to, or empty.
    """

    key: str
    family: str
    name: str
    kind: str
    type: str
    mentions: int
    label: str
    names: tuple[str, ...]
    entry: int | None
    posts: tuple[str, ...]
    ties: tuple[str, ...]
    owner: str


def named_in(
    annotation: Annotation, register: Register
) -> tuple[list[Named], list[str]]:
    """Return the entities of a document, and the bodies and polities that it names.

    Args:
        annotation: What was found in it.
        register: Well-known actors.
    """
    entries = register.link(annotation)
    labels = {
        e.key: entry.name
        if (entry := entries[e.key])
        else known_label(e.label, e.type) or e.label
        for e in annotation.entities
    }
    owners = owners_of(annotation, labels)
    for e in annotation.entities:
        if entries[e.key] is None and e.key in owners:
            entry = register.of_owner(e.label, e.type, owners[e.key])
            entries[e.key] = entry
            labels[e.key] = entry.name if entry else labels[e.key]
    partners = partners_of(annotation, labels)
    seats = seats_of()
    around = sorted({labels[e.key] for e in annotation.entities if e.type in seats})
    named = []
    for e in annotation.entities:
        entry = entries[e.key]
        kind = PLAIN
        if e.type in lexicon.words("namesakes"):
            kind = PERSON
        elif e.type in lexicon.words("ownedBy") and entry is None:
            kind = BODY
        # Only people are told apart by what they have to do with.
        posts, ties = partners.get(e.key, ((), ())) if kind == PERSON else ((), ())
        named.append(
            Named(
                e.key,
                lexicon.family_of(e.type),
                full_key(labels[e.key]),
                kind,
                e.type,
                len(e.mentions),
                labels[e.key],
                tuple(sorted(e.names)),
                None if entry is None else register.number_of(entry),
                tuple(sorted(posts)),
                tuple(sorted(ties)),
                owners.get(e.key, ""),
            )
        )
    return named, around
