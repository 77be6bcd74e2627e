"""The words of ``ontology/words/lexicon.ttl``, and the grammar that inflects them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from kg.ontology import Ontology, load_ontology

NAMESPACE = "https://kg.internal/lexicon#"


@cache
def words(name: str) -> dict[str, tuple[str, ...]]:
    """Return what a lexicon property says of each term, such as ``verb`` or ``cue``."""
    found: dict[str, list[str]] = {}
    for term, word in _ontology().annotations(NAMESPACE + name):
        found.setdefault(term, []).append(word)
    return {term: tuple(sorted(values)) for term, values in found.items()}


@cache
def all_words(name: str) -> frozenset[str]:
    """Return what a lexicon property says of any term."""
    return frozenset(word for values in words(name).values() for word in values)


@cache
def family_of(class_: str) -> str:
    """Return the family of a class: what bears one name may be of any of its classes."""
    return words("family").get(class_, (class_,))[0]


def _ontology() -> Ontology:
    return load_ontology()


@cache
def inflections(verb: str) -> frozenset[str]:
    """Return all forms of a verb; of several words ("set up") the first is inflected."""
    return participles(verb) | frozenset(_forms(verb, "VB", "VBZ", "VBG", "VBP", "VBD"))


@cache
def participles(verb: str) -> frozenset[str]:
    """Return the past participles of a verb, as they stand in a passive."""
    return frozenset(_forms(verb, "VBN", "VBD"))


def _forms(verb: str, *tags: str) -> Iterable[str]:
    # lemminflect (0.4 s) is imported late: only building needs it.
    from lemminflect import getInflection

    first, _, rest = verb.partition(" ")
    # Hyphenated verbs ("co-found") are three tokens and inflect at the end.
    head, hyphen, tail = first.rpartition("-")
    for tag in tags:
        for form in getInflection(tail, tag=tag):
            spaced = f"{head} - {form}" if hyphen else form
            yield f"{spaced} {rest}".strip().lower()


def alternation(phrases: Iterable[str]) -> str:
    """Return a regular expression that matches one of the phrases, the longest first."""
    ordered = sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase))
    return "(?:" + "|".join(re.escape(phrase) for phrase in ordered) + ")"
