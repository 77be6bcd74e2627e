"""Names that everyone knows: classes, other names and adjectives from the ontology."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache

from kg import lexicon
from kg.ontology import load_ontology


def name_key(name: str) -> str:
    """Return the form under which equal names compare equal."""
    return name.casefold().replace("’", "'").replace(".", "").strip()


@lru_cache(maxsize=50_000)
def full_key(name: str) -> str:
    """Return a name in comparable form: no case, accents, dots, article or legal form."""
    if not name.isascii():
        parts = unicodedata.normalize("NFKD", name)
        name = "".join(c for c in parts if not unicodedata.combining(c))
    return " ".join(without_legal_form(name, article=False))


def without_legal_form(name: str, *, article: bool = True) -> list[str]:
    """Return the words of a name in comparable form, without "Inc." or "AG" at its end.

    Args:
        name: The name.
        article: Whether a "the" at its start counts.
    """
    words = name_key(" ".join(name.split())).replace(",", "").split()
    if not article and len(words) > 1 and words[0] == "the":
        del words[0]
    while len(words) > 1 and words[-1] in _legal_forms():
        words.pop()
    return words


@cache
def _legal_forms() -> frozenset[str]:
    return frozenset(name_key(form) for form in lexicon.all_words("legalForm"))


@cache
def _known() -> dict[str, tuple[str, str]]:
    """Map the key of each known name to (class, preferred name)."""
    classes = dict(load_ontology().annotations(lexicon.NAMESPACE + "knownAs"))
    labels = {term: names[0] for term, names in lexicon.words("knownName").items()}
    found = {}
    for words in (lexicon.words("alias"), lexicon.words("knownName")):
        for term, names in words.items():
            for name in names:
                found[name_key(name)] = (classes[term], labels[term])
    return found


def known_names() -> list[tuple[str, str]]:
    """Return all well-known names and other names as they are written, with their class."""
    classes = dict(load_ontology().annotations(lexicon.NAMESPACE + "knownAs"))
    return sorted(
        (name, classes[term])
        for property_ in ("knownName", "alias")
        for term, names in lexicon.words(property_).items()
        for name in names
    )


def known_class(name: str) -> str | None:
    """Return the class of a well-known name, or None."""
    entry = _known().get(name_key(name))
    return entry[0] if entry else None


def known_label(name: str, type_: str) -> str | None:
    """Return the preferred form of a well-known name of a class, or None."""
    entry = _known().get(name_key(name))
    return entry[1] if entry and entry[0] == type_ else None


def stands_alone(name: str) -> bool:
    """Tell whether a name is known by itself, so that it is short for no longer one.

    "Google" is not short for "Google DeepMind".
    """
    return name_key(name) in _known()


@cache
def adjectives() -> dict[str, str]:
    """Map adjectives such as "French" (lower case) to the preferred name they stand for."""
    labels = {term: names[0] for term, names in lexicon.words("knownName").items()}
    return {
        word.lower(): labels[term]
        for term, forms in sorted(lexicon.words("adjective").items())
        for word in forms
    }
