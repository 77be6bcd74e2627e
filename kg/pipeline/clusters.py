"""Which mentions of a document name the same thing."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

import numpy as np
from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from kg import lexicon
from kg.known import (
    adjectives,
    known_class,
    known_label,
    name_key,
    stands_alone,
    without_legal_form,
)
from kg.pipeline.attributes import Cluster, tokens_of, words_of
from kg.pipeline.ner import class_by_words

# Words that titles write small, besides those that initials leave out.
_IN_TITLES = frozenset(
    ("a", "an", "at", "as", "by", "from", "into", "or", "through", "with", "within")
)
# Words that initials leave out.
_SMALL = frozenset(("of", "the", "and", "for", "in", "on", "to", "de", "la", "le", "&"))

MAX_TITLE = 30  # tokens of a title
# What may stand behind a number: a title in quotation marks, or one to the end of the line.
_TITLE = re.compile(
    r"[,:]?\s?(?:on|titled|entitled)?\s?[“\"‘](?P<title>[A-Z][^”\"’\n]+?)[,.]?[”\"’]"
    r"|(?:,|:| [–—-])\s(?P<line>[A-Z][^\n.;“\"]+?)(?=\.?\s*(?:\n|$))"
)

# A name is looked for elsewhere in the text when it was recognised this surely.
SURE = 0.6


@Language.component(
    "kg_clusters", requires=["doc.ents"], assigns=["doc._.clusters", "doc.ents"]
)
def clusters(doc: Doc) -> Doc:
    """Set ``doc._.clusters``, ordered by first mention, and make ``doc.ents`` agree.

    Equal names are one thing, and so are a name and its unique short form: a surname, an
    acronym, the first or last words, as the ontology's lexicon allows for the class.
    """
    named: dict[tuple[str, str], list[Span]] = defaultdict(list)
    whole, titles = _with_titles(doc, _without_owners(_with_long_forms(doc)))
    ents = _with_repetitions(doc, whole)
    types = _voted_types(ents)
    for ent in ents:
        key = _key(ent.text)
        named[types[key], known_key(key, types[key])].append(ent)
    for type_, name in [key for key in named if key[0] in lexicon.words("ownedBy")]:
        parted = _of_each_owner(doc, named[type_, name], ents)
        if len(parted) > 1:
            del named[type_, name]
            # No name ends like that: what is short for both joins neither.
            named.update(
                {(type_, f"{name}#{i}"): mine for i, mine in enumerate(parted)}
            )
    _join_parenthesised(doc, ents, named)
    _join_titles(titles, named)
    for joins in (_is_acronym, _is_part):
        _join_short_names(named, joins)
    found = [
        Cluster(type_, _names(mentions), tuple(sorted(mentions, key=lambda m: m.start)))
        for (type_, _), mentions in named.items()
    ]
    found.sort(key=lambda cluster: cluster.mentions[0].start)
    doc._.clusters = tuple(found)
    doc.ents = sorted(
        (
            _relabelled(m, cluster.type, m._.score)
            for cluster in found
            for m in cluster.mentions
        ),
        key=lambda span: span.start,
    )
    # A name, whoever found it, is no reference.
    named_at = tokens_of(doc.ents)
    doc.spans["references"] = [
        span
        for span in doc.spans.get("references", ())
        if named_at.isdisjoint(range(span.start, span.end))
    ]
    return doc


def _with_long_forms(doc: Doc) -> list[Span]:
    """Return the entities, with what an acronym in brackets stands for as a name too.

    The words before the bracket are taken whose initials are its letters (the idea of
    Schwartz and Hearst 2003): "the digital services tax (DST)" names a thing, capitals
    or not.  One of the two must have been recognised.
    """
    found = list(doc.ents)
    furniture = tokens_of(doc.spans.get("furniture", ()))
    orths = doc.to_array("ORTH")
    opens, closes = (doc.vocab.strings[bracket] for bracket in "()")
    for at in np.flatnonzero((orths[:-2] == opens) & (orths[2:] == closes)).tolist():
        if at in furniture:
            continue
        short = doc[at + 1 : at + 2]
        start = _long_form(doc, at, short.text)
        if start is None:
            continue
        long = doc[start:at]
        touched = [e for e in found if e.start < at and e.end > start]
        inside = [e for e in found if e.start <= short.start < e.end]
        if any(e.start < start or e.end > at for e in touched) or any(
            e.start < at or e.end > short.end for e in inside
        ):
            continue
        # A name within the words tells what they name only if it is their head.
        telling = [
            *(
                e
                for e in touched
                if e.end == long.end and e.text.lower() not in adjectives()
            ),
            *inside,
            *(e for e in found if e.text == short.text),
        ]
        if not telling:
            continue
        label = (
            known_class(long.text)
            or known_class(short.text)
            or class_by_words(long.text)
            or telling[0].label_
        )
        score = max(e._.score for e in telling)
        found = [e for e in found if e not in touched and e not in inside]
        found += [_relabelled(name, label, score) for name in (long, short)]
    return sorted(found, key=lambda span: span.start)


def _long_form(doc: Doc, end: int, short: str) -> int | None:
    """Return where the words begin whose initials spell an acronym, or None."""
    letters = [c for c in short.lower() if c.isalpha()]
    if not 2 <= len(letters) <= 10 or sum(c.isupper() for c in short) < 2:
        return None
    for i in range(end - 1, max(-1, end - 3 * len(letters)), -1):
        word = doc[i].lower_
        if (
            word[0] == letters[-1]
            and doc[i].is_alpha
            and not (word in _SMALL and len(letters) == 1)
        ):
            letters.pop()
            if not letters:
                return i
        elif word not in _SMALL and word != "-":
            return None
    return None


def _with_titles(doc: Doc, ents: list[Span]) -> tuple[list[Span], dict[int, int]]:
    """Return the entities, with the titles of numbered ones as whole names.

    "Memorandum M-25-21, Accelerating Federal Use of AI": what stands behind a number to
    the end of the line, or in quotation marks, names the same thing if it is written like
    a title.  Where each title starts comes with the start of its number.
    """
    titles: dict[int, int] = {}
    found = list(ents)
    for ent in ents:
        if ent.label_ not in lexicon.words("name") or not any(
            c.isdigit() for c in ent.text
        ):
            continue
        place = _title(doc, ent.end)
        if place is None or any(
            e.start < place[0] < e.end or e.start < place[1] < e.end for e in found
        ):
            continue
        found = [e for e in found if not place[0] <= e.start < place[1]]
        found.append(_relabelled(doc[slice(*place)], ent.label_, ent._.score))
        titles[place[0]] = ent.start
    return sorted(found, key=lambda span: span.start), titles


def _title(doc: Doc, after: int) -> tuple[int, int] | None:
    """Return where a title stands that follows a name directly, or None."""
    rest = doc[after : after + MAX_TITLE + 3]
    match = _TITLE.match(rest.text) if len(rest) else None
    if match is None:
        return None
    group = "title" if match["title"] else "line"
    title = match[group]
    words = [word for word in title.split() if word[0].isalpha()]
    capital = [w for w in words if w[0].isupper() or w in _SMALL | _IN_TITLES]
    if len(words) < 3 or len(capital) < len(words):
        return None
    start = rest.start_char + match.start(group)
    span = doc.char_span(start, start + len(title))
    return (span.start, span.end) if span is not None else None


def _join_titles(
    titles: dict[int, int], named: dict[tuple[str, str], list[Span]]
) -> None:
    """Let a title and the number before it name one thing."""
    owner = {m.start: key for key, mentions in named.items() for m in mentions}
    for title, number in titles.items():
        a, b = owner.get(number), owner.get(title)
        if a and b and a != b:
            _move(named, b, a, owner)


def _without_owners(ents: list[Span]) -> list[Span]:
    """Cut "US Federal Trade Commission" and "White House OSTP" to owner and body.

    That is done where what follows the name of a polity or a body of government is a
    well-known name that the text uses elsewhere too, if only by its acronym: a "California
    Supreme Court" is not the one that everyone knows.
    """
    used = Counter(known_key(_key(e.text), e.label_) for e in ents)
    classes = {_key(ent.text): ent.label_ for ent in ents}
    found: list[Span] = []
    for ent in ents:
        whole = known_class(_key(ent.text))
        if whole in lexicon.words("means"):
            # "Government of Canada" is a name of Canada.
            found.append(_relabelled(ent, whole, ent._.score))
            continue
        length = _owner_length(ent, used, classes)
        if length:
            owner, rest = ent[:length], ent[length:]
            found += [
                _relabelled(owner, _owner_class(owner, classes), ent._.score),
                _relabelled(rest, ent.label_, ent._.score),
            ]
        else:
            found.append(ent)
    return found


def _owner_length(ent: Span, used: Counter[str], classes: dict[str, str]) -> int:
    """Return how many words of a name are its owner's, 0 when it is to stay whole."""
    if "prefix" not in lexicon.words("owner").get(ent.label_, ()) or known_class(
        ent.text
    ):
        return 0
    for length in range(1, min(4, len(ent))):
        rest = ent[length:].text
        if (
            known_class(rest) == ent.label_
            and used[known_key(_key(rest), ent.label_)]
            and _owner_class(ent[:length], classes)
        ):
            return length
    return 0


def _owner_class(owner: Span, classes: dict[str, str]) -> str:
    """Return the class of what may own a body, "" for anything else."""
    name = adjectives().get(owner.text.lower(), owner.text)
    label = known_class(name) or classes.get(_key(name), "")
    return label if label in lexicon.words("owner") else ""


def _of_each_owner(
    doc: Doc, mentions: list[Span], ents: tuple[Span, ...]
) -> list[list[Span]]:
    """Part the mentions of a name that bodies of several polities bear.

    "Britain gets an AI Safety Institute. ... announced a US AI Safety Institute": a second
    owner in front of a name means a second body; a name with none means the one before.
    """
    ends = {e.end: e for e in ents if e.label_ in lexicon.words("means")}
    parted: dict[str, list[Span]] = {}
    last = ""
    for mention in mentions:
        start = mention.start
        if start and doc[start - 1].lower_ in {"'s", "’s"}:
            start -= 1
        owner = ends.get(start)
        if owner is not None:
            name = known_key(_key(owner.text), owner.label_)
            is_new = owner.start > 0 and doc[owner.start - 1].lower_ in {"a", "an"}
            if "" in parted and name not in parted and not is_new:
                parted[name] = parted.pop("")
            last = name
        parted.setdefault(last, []).append(mention)
    return list(parted.values())


def _with_repetitions(doc: Doc, ents: list[Span]) -> tuple[Span, ...]:
    """Return the entities, and every further place where one's name stands.

    A recogniser that knows a name in one sentence may miss it in the next; a text does
    not use a name it has introduced for nothing.
    """
    names: dict[str, Span] = {}
    for ent in ents:
        name = ent.text
        is_word = name.islower() and " " not in name
        if len(name) > 2 and not is_word and ent._.score > SURE:
            names.setdefault(name, ent)
    matcher = PhraseMatcher(doc.vocab)
    words = words_of(doc)
    for name, ent in names.items():
        matcher.add(name, [Doc(doc.vocab, words[ent.start : ent.end])])
    found = list(ents)
    taken = tokens_of([*ents, *doc.spans.get("furniture", ())])
    for span in filter_spans(matcher(doc, as_spans=True)):
        if not taken.intersection(range(span.start, span.end)):
            # Tokens match whatever the space between them: the name is the match's id.
            first = names[span.label_]
            found.append(_relabelled(span, first.label_, first._.score))
    return tuple(sorted(found, key=lambda span: span.start))


def _relabelled(span: Span, type_: str, score: float) -> Span:
    copy = Span(span.doc, span.start, span.end, label=type_)
    copy._.score = score
    return copy


def known_key(key: str, type_: str) -> str:
    """Return the key of the preferred form of a name; "French" is short for "France"."""
    label = known_label(adjectives().get(key, key), type_)
    return name_key(label) if label else key


@lru_cache(maxsize=10_000)
def _key(name: str) -> str:
    """Return a name without its legal form ("Inc.") in comparable form."""
    key = " ".join(without_legal_form(name))
    for said in lexicon.all_words("means"):
        if known_class(key.removeprefix(said)):
            return key.removeprefix(said)
    return key


def _voted_types(ents: tuple[Span, ...]) -> dict[str, str]:
    """Give each name the class that its mentions get most often, weighted by score."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for ent in ents:
        votes[_key(ent.text)][ent.label_] += ent._.score
    return {
        name: min(counts, key=lambda label: (-counts[label], label))
        for name, counts in votes.items()
    }


def _names(mentions: list[Span]) -> tuple[str, ...]:
    """Return the distinct names, the fullest first, then by number of mentions.

    What is named by its adjective alone gets its name in front.
    """
    counts = Counter(" ".join(mention.text.split()) for mention in mentions)
    proper = {n: counts[n] for n in counts if n.lower() not in adjectives()}
    # "Government of Canada" is called Canada, if only by those words.
    means = tuple(lexicon.all_words("means"))
    plain = {n: c for n, c in proper.items() if not n.lower().startswith(means)}
    if proper and not plain:
        known = {known_label(_key(n), known_class(_key(n)) or ""): 0 for n in proper}
        plain = {n: c for n, c in known.items() if n}
    proper = plain or proper
    if not proper:
        proper = {adjectives()[next(iter(counts)).lower()]: 0}
    fullest = max(proper, key=lambda n: (not n.isupper(), len(n), proper[n], n))
    rest = sorted(counts.keys() - {fullest}, key=lambda n: (-counts[n], n))
    return (fullest, *rest)


def _join_parenthesised(
    doc: Doc, ents: tuple[Span, ...], named: dict[tuple[str, str], list[Span]]
) -> None:
    """Join "European Data Protection Board" and the "EDPB" in brackets behind it."""
    owner = {m.start: key for key, mentions in named.items() for m in mentions}
    for left, right in pairwise(ents):
        between = doc[left.end : right.start].text.strip()
        if between != "(" or not re.fullmatch(r"[A-Z][\w&.-]{1,11}", right.text):
            continue
        a, b = owner.get(left.start), owner.get(right.start)
        letters = [c for c in right.text.upper() if c.isalpha()]
        if a and b and a != b and _in_order(letters, left.text.upper()):
            _move(named, b, a, owner)


def _in_order(letters: list[str], text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)


def _move(
    named: dict[tuple[str, str], list[Span]],
    source: tuple[str, str],
    target: tuple[str, str],
    owner: dict[int, tuple[str, str]] | None = None,
) -> None:
    mentions = named.pop(source)
    named[target] += mentions
    if owner is not None:
        owner.update({mention.start: target for mention in mentions})


def _join_short_names(
    named: dict[tuple[str, str], list[Span]],
    joins: Callable[[str, str, str], bool],
) -> None:
    """Join each name to the one longer name it can be short for; with two, to neither."""
    for short in sorted(named, key=lambda key: (len(key[1]), key)):
        if stands_alone(short[1]):
            continue
        kind = lexicon.family_of(short[0])
        forms = sorted({_key(mention.text) for mention in named[short]})
        longer = [
            other
            for other in named
            if other != short
            and any(
                # Two letters spell too many names to cross from one kind to another.
                (
                    lexicon.family_of(other[0]) == kind
                    or (joins is _is_acronym and len(form) > 2)
                )
                and len(form) < len(other[1])
                and joins(form, other[1], other[0])
                for form in forms
            )
        ]
        if len(longer) == 1:
            _move(named, short, longer[0])


def _is_acronym(short: str, full: str, type_: str) -> bool:
    if "acronym" not in lexicon.words("shortName").get(type_, ()):
        return False
    words = re.split(r"[\s-]+", full)
    initials = "".join(w[0] for w in words if w and w not in _SMALL)
    return 1 < len(short) < 8 and short in {initials, "".join(w[0] for w in words if w)}


def _is_part(short: str, full: str, type_: str) -> bool:
    ways = lexicon.words("shortName").get(type_, ())
    return ("suffix" in ways and full.endswith(" " + short)) or (
        "prefix" in ways and full.startswith(short + " ")
    )
